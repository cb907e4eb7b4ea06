"""What a client is told when it comes, and when it comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

from events.bus import NewEvent, publish_many
from events.transport import channel_layer
from notifications.inbox import marking
from notifications.inbox.frames import Frame
from notifications.models import Inbox
from notifications.websocket import snapshot as catch_up
from tests.notifications.factories.routing import JOB, NOON, feed_types, publish_and_route, route, store_settings

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]


def surface(user, count: int) -> None:
    """So many rows in a person's feed."""
    route(*publish_many([NewEvent("job.started", actor=user) for _ in range(count)]))
    assert len(feed_types(user)) > 0


def test_hello_to_somebody_new_is_empty(server, outsider):
    hello = server.connect(outsider).frame()
    state = {"type", "seq", "unread_count", "now", "settings", "recovered", "is_held"}
    assert set(hello) == {*state, "notifications", "removed", "summaries"}
    assert (hello["type"], hello["seq"], hello["unread_count"], hello["notifications"]) == ("hello", 0, 0, [])


def test_hello_says_where_the_inbox_stands(server, owner):
    surface(owner, 3)
    hello = server.connect(owner).frame()
    assert (hello["seq"], hello["unread_count"], hello["recovered"], hello["notifications"]) == (3, 3, False, [])


def test_hello_says_the_servers_time(server, owner):
    now = datetime.fromisoformat(server.connect(owner).frame()["now"])
    assert now.utcoffset() is not None


def test_hello_says_the_settings(server, owner):
    store_settings(owner, dnd_enabled=True)
    assert server.connect(owner).frame()["settings"]["dnd_enabled"] is True


def test_a_client_that_knows_a_seq_gets_what_changed_since(server, owner):
    surface(owner, 3)
    hello = server.connect(owner, query="seq=1").frame()
    assert hello["recovered"]
    assert [row["seq"] for row in hello["notifications"]] == [2, 3]


def test_a_client_that_knows_all_gets_nothing_and_is_recovered(server, owner):
    surface(owner, 3)
    hello = server.connect(owner, query="seq=3").frame()
    assert (hello["recovered"], hello["notifications"]) == (True, [])


def test_what_was_read_meanwhile_is_among_what_changed(server, owner):
    surface(owner, 2)
    marking.mark_all(owner.pk, now=NOON, up_to=1)
    [row] = server.connect(owner, query="seq=2").frame()["notifications"]
    assert (row["feed_seq"], row["is_read"]) == (1, True)


def test_two_hundred_changes_are_told_in_the_hello(server, owner):
    surface(owner, 200)
    assert len(server.connect(owner, query="seq=0").frame()["notifications"]) == 200


def resynced(socket) -> bool:
    hello, resync = socket.frame(), socket.frame()
    assert (hello["type"], hello["recovered"], hello["notifications"]) == ("hello", False, [])
    assert resync == {"type": "resync", "seq": hello["seq"], "unread_count": hello["unread_count"]}
    return True


def test_more_than_two_hundred_are_a_resync(server, owner):
    surface(owner, 201)
    assert resynced(server.connect(owner, query="seq=0"))


def test_rows_that_are_too_many_to_tell_are_not_read(owner, django_assert_num_queries):
    """A flood throws many sockets back at once; their memory mustn't be the flood's size each."""
    surface(owner, 201)
    with django_assert_num_queries(3):  # the inbox, whether there are more than two hundred, settings
        assert len(catch_up.since(owner.pk, seq=0, now=NOON)) == 2


def test_a_client_ahead_of_us_is_resynced(server, owner):
    """A database that was put back to an earlier state."""
    surface(owner, 1)
    assert resynced(server.connect(owner, query="seq=2"))


def test_a_client_from_before_rows_were_removed_is_resynced(server, owner):
    surface(owner, 3)
    Inbox.objects.filter(pk=owner.pk).update(resync_below=2)
    assert resynced(server.connect(owner, query="seq=1"))
    assert server.connect(owner, query="seq=2").frame()["recovered"]


@pytest.mark.parametrize("query", ["", "seq=", "seq=x", "seq=-1", "seq=1.5", "seq=٣", f"seq={10**30}", "other=1"])
def test_a_seq_that_is_none_counts_as_none(server, owner, query):
    surface(owner, 1)
    hello = server.connect(owner, query=query).frame()
    assert (hello["recovered"], hello["notifications"], hello["seq"]) == (False, [], 1)


def test_resume_is_answered_by_a_hello_with_what_changed(server, owner):
    socket = server.greeted(owner)
    publish_and_route("job.completed", source=JOB)
    assert socket.frame()["type"] == "notification"
    again = socket.answer({"type": "resume", "seq": 0})
    assert (again["type"], again["recovered"], [row["seq"] for row in again["notifications"]]) == ("hello", True, [1])


def test_resume_from_ahead_is_a_resync(server, owner):
    socket = server.greeted(owner)
    socket.say({"type": "resume", "seq": 5})
    assert resynced(socket)


@pytest.mark.parametrize("seq", [None, "1", -1, 1.5, True, 2**63, [1]])
def test_resume_from_nonsense_is_an_error_frame(server, owner, seq):
    socket = server.greeted(owner)
    assert socket.answer({"type": "resume", "seq": seq})["code"] == "invalid_seq"
    assert socket.has_nothing_more()


@pytest.mark.parametrize("first", ["snapshot", "commit"])
def test_what_commits_while_the_snapshot_is_read_arrives_once(server, owner, monkeypatch, first):
    """In the hello or after it: the hub keeps frames for the socket before the snapshot is read."""
    read = catch_up.since

    def around(*who: Any, **more: Any) -> list[Frame]:
        snapshot = read(*who, **more)
        publish_and_route("job.completed", source=JOB)
        channel_layer.flush()
        return snapshot if first == "snapshot" else read(*who, **more)

    monkeypatch.setattr(catch_up, "since", around)
    socket = server.connect(owner)
    assert socket.frame()["seq"] == (0 if first == "snapshot" else 1)
    if first == "snapshot":
        assert (frame := socket.frame())["seq"] == 1, frame
    assert socket.has_nothing_more()


def test_without_the_database_it_is_told_to_come_back(server, owner, monkeypatch):
    def fail(*_anything: object, **_more: object) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(catch_up, "since", fail)
    assert server.connect(owner).closing() == ("going_away", 4503)
    assert server.hub().count() == 0


def test_one_persons_hello_has_nothing_of_anothers(server, owner, watcher):
    publish_and_route("job.completed", source=JOB)
    hello = server.connect(watcher, query="seq=0").frame()
    assert (hello["seq"], hello["unread_count"], hello["notifications"]) == (0, 0, [])
