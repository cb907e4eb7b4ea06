"""Fixtures of the middle floor: a channel out, and people who own and watch a job."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import pytest

from events.memberships import grant
from notifications import channels
from notifications.channels import Opened, OpenedSummary
from notifications.routing import fanout
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB
from tests.notifications.fakes.websocket_server import Server, serving


class RecordingChannel:
    """Channel that keeps what it was given."""

    name = "email"

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.summaries: list[OpenedSummary] = []
        self.reopened: list[tuple[list[int], set[int], datetime]] = []
        self.wakes = 0

    def open(self, rows: Sequence[Opened]) -> None:
        self.opened += rows

    def open_summaries(self, summaries: Sequence[OpenedSummary]) -> None:
        self.summaries.extend(summaries)

    def reopen(
        self, notifications: Collection[int], summaries: Collection[int], *, since: datetime, now: datetime
    ) -> None:
        self.reopened.append((list(notifications), set(summaries), since))

    def wake(self) -> None:
        self.wakes += 1


@pytest.fixture(autouse=True)
def _alone(monkeypatch) -> None:
    """Start with no channel installed: this floor works without the one above."""
    monkeypatch.setattr(channels, "_channels", {})


@pytest.fixture(autouse=True)
def _one_part(monkeypatch) -> None:
    """Tell large audiences in one part, however high the numbers of users are by now."""
    monkeypatch.setattr(fanout, "PARTS", 1)


@pytest.fixture
def recorder() -> Iterator[RecordingChannel]:
    channel = RecordingChannel()
    channels.register(channel)
    yield channel
    channels.unregister(channel.name)


@pytest.fixture
def _tied(owner, member, watcher) -> None:
    """The cast as their names say, each tied to the one job."""
    for user in (owner, member, watcher):
        grant(JOB, user=user, role=name_of(user))


@pytest.fixture
def server(transactional_db) -> Iterator[Server]:
    """Server of sockets; commits are real."""
    with serving() as running:
        yield running
