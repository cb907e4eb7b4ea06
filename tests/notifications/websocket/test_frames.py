"""What reaches open sockets: notifications, and what a person did in another window."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from events.bus import NewEvent, publish
from events.db.clock import instant
from notifications.inbox import feed, marking
from notifications.models import Notification
from notifications.preferences.settings import change_settings
from notifications.websocket import hub
from notifications.websocket.authentication import Identity
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    publish_and_route,
    publish_and_route_batch,
    route,
    store_preference,
    store_settings,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]


def test_a_notification_frame_has_exactly_the_documented_fields(server, owner):
    socket = server.greeted(owner)
    publish_and_route("job.completed", source=JOB, payload={"name": "shot 042"})
    frame = socket.frame()
    documented = {"type", "seq", "unread_count", "notification", "event_type", "payload", "timestamp", "toast"}
    assert set(frame) == documented
    assert (frame["type"], frame["seq"], frame["unread_count"], frame["toast"]) == ("notification", 1, 1, True)
    assert (frame["event_type"], frame["payload"]) == ("job.completed", {"name": "shot 042"})


def test_its_notification_is_the_apis(server, owner):
    socket = server.greeted(owner)
    publish_and_route("job.completed", source=JOB, actor=owner, payload={"name": "shot 042"})
    [row] = feed.page(owner.pk)
    assert socket.frame()["notification"] == json.loads(json.dumps(feed.as_json(row)))


def test_its_notification_is_the_apis_after_a_replacement_too(server, owner):
    publish_and_route("job.started", source=JOB)
    socket = server.greeted(owner)
    publish_and_route("job.completed", source=JOB)
    [row] = feed.page(owner.pk)
    assert socket.frame()["notification"] == json.loads(json.dumps(feed.as_json(row)))


def test_its_timestamp_is_the_events_own(server, owner):
    """Whenever it is routed."""
    socket = server.greeted(owner)
    event = publish("job.completed", source=JOB)
    route(event, now=NOON)
    event.refresh_from_db()
    assert socket.frame()["timestamp"] == instant(event.created_at)


def test_a_batch_counts_up_frame_by_frame(server, owner):
    socket = server.greeted(owner)
    publish_and_route_batch(NewEvent("review.submitted", JOB), NewEvent("review.approved", JOB))
    assert [(frame["seq"], frame["unread_count"]) for frame in (socket.frame(), socket.frame())] == [(1, 1), (2, 2)]


def test_a_replaced_row_is_not_counted_again(server, owner):
    socket = server.greeted(owner)
    publish_and_route("job.started", source=JOB)
    publish_and_route("job.completed", source=JOB)
    first, second = socket.frame(), socket.frame()
    assert (second["seq"], second["unread_count"]) == (2, 1)
    assert first["notification"]["id"] == second["notification"]["id"]


def test_what_is_held_comes_without_a_toast(server, owner):
    socket = server.greeted(owner)
    store_settings(owner, dnd_enabled=True)
    publish_and_route("job.completed", source=JOB)
    assert socket.frame()["toast"] is False


def test_everybody_told_gets_their_own(server, owner, watcher):
    sockets = [server.greeted(owner), server.greeted(watcher)]
    publish_and_route("review.comment", source=JOB)
    assert [socket.frame()["notification"]["reason"] for socket in sockets] == ["owner", "watcher"]


def test_nobody_gets_anothers(server, owner, watcher):
    socket = server.greeted(watcher)
    publish_and_route("job.completed", source=JOB)
    assert socket.has_nothing_more()


def test_what_is_off_the_feed_brings_no_frame(server, owner):
    store_preference(owner, "job.completed", channels=["email"])
    socket = server.greeted(owner)
    publish_and_route("job.completed", source=JOB)
    assert socket.has_nothing_more()


def test_all_of_a_persons_sockets_get_it(server, owner):
    sockets = [server.greeted(owner) for _ in range(3)]
    publish_and_route("job.completed", source=JOB)
    assert [socket.frame()["seq"] for socket in sockets] == [1, 1, 1]


def test_a_replay_brings_no_frame(server, owner):
    event = publish_and_route("job.completed", source=JOB)
    socket = server.greeted(owner)
    route(event)
    assert socket.has_nothing_more()


def test_reading_is_echoed_to_all_of_a_persons_sockets(server, owner):
    publish_and_route("job.completed", source=JOB)
    sockets = [server.greeted(owner), server.greeted(owner)]
    row = Notification.objects.get(user=owner)
    marking.mark(owner.pk, ids=[row.pk], is_read=True, now=NOON)
    echo = {"type": "read", "seq": 2, "ids": [row.pk], "is_read": True, "unread_count": 0}
    assert [socket.frame() for socket in sockets] == [echo, echo]


def test_unreading_is_echoed(server, owner):
    publish_and_route("job.completed", source=JOB)
    row = Notification.objects.get(user=owner)
    marking.mark(owner.pk, ids=[row.pk], is_read=True, now=NOON)
    socket = server.greeted(owner)
    marking.mark(owner.pk, ids=[row.pk], is_read=False, now=NOON)
    echo = {"type": "read", "seq": 3, "ids": [row.pk], "is_read": False, "unread_count": 1}
    assert socket.frame() == echo


def test_reading_all_is_echoed_to_all_of_a_persons_sockets(server, owner):
    publish_and_route("job.completed", source=JOB)
    sockets = [server.greeted(owner), server.greeted(owner)]
    marking.mark_all(owner.pk, now=NOON, category="job")
    echo = {"type": "read_all", "seq": 2, "up_to": 1, "category": "job", "unread_count": 0}
    assert [socket.frame() for socket in sockets] == [echo, echo]


def test_reading_what_is_read_is_not_echoed(server, owner):
    publish_and_route("job.completed", source=JOB)
    marking.mark_all(owner.pk, now=NOON)
    socket = server.greeted(owner)
    marking.mark_all(owner.pk, now=NOON)
    assert socket.has_nothing_more()


def test_reading_is_echoed_to_nobody_else(server, owner, watcher):
    publish_and_route("review.comment", source=JOB)
    socket = server.greeted(watcher)
    marking.mark_all(owner.pk, now=NOON)
    assert socket.has_nothing_more()


def test_a_change_of_settings_reaches_the_sockets(server, owner):
    socket = server.greeted(owner)
    change_settings(owner.pk, now=NOON, dnd_enabled=True)
    frame = socket.frame()
    assert (frame["type"], frame["seq"], frame["dnd_enabled"], frame["dnd_until"]) == ("settings", 1, True, None)


def test_what_is_rolled_back_reaches_nobody(server, owner):
    socket = server.greeted(owner)
    with transaction.atomic():
        publish_and_route("job.completed", source=JOB)
        transaction.set_rollback(True)
    assert socket.has_nothing_more()


def test_whoever_may_view_events_is_told_that_there_are_some(server, admin, monkeypatch):
    monkeypatch.setattr(hub, "NEWS_INTERVAL", 0.01)
    socket = server.greeted(admin)
    socket.say({"type": "watch"})
    assert socket.frame() == {"type": "pulse", "seq": 0}


def test_nobody_else_watches(server, owner):
    assert server.greeted(owner).answer({"type": "watch"})["code"] == "permission_denied"


def test_who_has_not_asked_again_is_told_no_more():
    socket = hub.Socket(Identity(1))
    socket.watch(now=0.0)
    assert socket.watches_until == hub.WATCH
