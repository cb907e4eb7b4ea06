"""Rows that leave the feed and come back, over a socket and after a reconnect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.holds import due
from notifications.inbox import feed, marking, triage
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = pytest.mark.usefixtures("_tied")


@pytest.fixture
def row(server, owner) -> int:
    publish_and_route("review.comment", source=JOB)
    return feed.page(owner.pk)[0].pk


def test_a_socket_hears_of_a_row_that_is_snoozed_and_back(server, owner, row):
    now, socket = timezone.now(), server.connect(owner)
    socket.frame()
    triage.snooze(owner.pk, ids=[row], until=now + timedelta(hours=1), now=now)
    assert socket.frame() == {"type": "removed", "seq": 2, "ids": [row], "reason": "snoozed", "unread_count": 0}
    due.release_due(now=now + timedelta(hours=1))
    frame = socket.frame()
    assert (frame["type"], frame["seq"], frame["toast"], frame["unread_count"]) == ("notification", 3, True, 1)
    assert frame["notification"] == feed.as_json(feed.page(owner.pk)[0])


def test_a_socket_hears_of_a_row_that_is_done_and_undone(server, owner, row):
    now, socket = timezone.now(), server.connect(owner)
    socket.frame()
    triage.done(owner.pk, ids=[row], now=now)
    assert [socket.frame()[key] for key in ("type", "type")] == ["read", "removed"]
    triage.restore(owner.pk, ids=[row], state="done")
    frame = socket.frame()
    assert (frame["toast"], frame["notification"]["feed_seq"], frame["notification"]["is_read"]) == (False, 1, True)


def test_whoever_comes_back_is_told_what_left(server, owner, row):
    known, now = marking.state(owner.pk).seq, timezone.now()
    triage.done(owner.pk, ids=[row], now=now)
    hello = server.connect(owner, query=f"seq={known}").frame()
    assert (hello["notifications"], hello["removed"]) == ([], [{"ids": [row], "reason": "done"}])
