"""An outage in the log of running processes: a story for each place that fails, and no line at each try."""

from __future__ import annotations

import re
import time

import httpx
import psycopg
import pytest

from tests.processes import Process, Service
from tests.processes.environment import address
from tests.processes.websocket_frames import listening

pytestmark = [pytest.mark.process, pytest.mark.service]

# Seconds that the database refuses: the sweeper alone tries four sweeps a good dozen times.
AWAY = 12.0
# Of each process: ten places that need the database, and the requests that were refused.
MOST_LINES = 16


def test_a_database_that_refuses_is_told_once_by_each_place_that_needs_it():
    with Service(webs=1) as service:
        processes = [*service.webs, *service.others]
        with listening(service.urls[0], key=service.key("alice")):
            wait_until_routed(service)
            begun = {process: len(process.output) for process in processes}
            with psycopg.connect(address("postgres"), autocommit=True) as server:
                refuse(server, service.name)
                ask_for(AWAY, url=service.urls[0])
                server.execute(f'ALTER DATABASE "{service.name}" ALLOW_CONNECTIONS true'.encode())
            told = {process: lines(process, after=begun[process]) for process in processes}
    assert all(1 <= len(each) <= MOST_LINES for each in told.values()), "\n".join(
        line[:150] for each in told.values() for line in each
    )
    [worker] = [each for process, each in told.items() if "worker" in process.command]
    assert sum("Sweep events.sweep.sweep failed" in line for line in worker) == 1


def wait_until_routed(service: Service) -> None:
    """Return once the worker has started: then it routes the demo data."""
    until = time.monotonic() + 60
    while not service.sql("SELECT 1 FROM notifications LIMIT 1"):
        assert time.monotonic() < until
        time.sleep(0.1)


def refuse(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def ask_for(seconds: float, *, url: str) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in ("/readyz", "/api/v1/events"):
            assert httpx.get(f"{url}{path}", timeout=30).status_code in (401, 503)
        time.sleep(0.1)


def lines(process: Process, *, after: int) -> list[str]:
    """Lines of the log, without the tracebacks below them."""
    return [line for line in process.output[after:].splitlines() if re.match(r"\d{4}-\d\d-\d\d ", line)]
