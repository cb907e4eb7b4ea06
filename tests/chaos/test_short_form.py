"""Short form of `make chaos`: a few faults on running servers, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.chaos import postgres_server
from tests.chaos.catalogue import FAULTS
from tests.chaos.harness import Harness
from tests.chaos.report import table
from tests.chaos.stack import Stack

pytestmark = [pytest.mark.process, pytest.mark.service, pytest.mark.timeout(600)]

SECONDS = 3.0
SHORT = [fault for fault in FAULTS if fault.is_short]


def test_nothing_is_lost_and_nothing_doubled_without_excuse():
    """All on one stack: starting it takes longer than a fault."""
    try:
        postgres_server.check()
    except postgres_server.NoPostgresError as error:
        pytest.skip(f"{error}; this test breaks a PostgreSQL of its own")
    with Stack() as running:
        harness = Harness(running, seconds=SECONDS)
        possible = [fault for fault in SHORT if running.postgres.has_small_disk or not fault.needs_small_disk]
        runs = [harness.run(fault) for fault in possible]
    assert {run.fault: run.problems or "not over" for run in runs if not run.is_good} == {}, "\n" + table(runs)
