"""A real mail server for the tests of this channel."""

from __future__ import annotations

import pytest

from tests.delivery.factories.emails import sending_to
from tests.delivery.fakes.smtp_server import Server


@pytest.fixture(scope="module")
def running():
    with Server().running() as started:
        yield started


@pytest.fixture
def server(running, monkeypatch):
    """Mail server without a memory, which mails are sent to."""
    running.reset()
    with sending_to(running, monkeypatch):
        yield running
    running.released.set()
