"""The hub: what it keeps for whom, and what it does when frames are lost."""

from __future__ import annotations

import json

import pytest

from events.bus import NewEvent, publish_many
from events.transport import channel_layer
from notifications.inbox import marking, push
from notifications.models import Notification
from notifications.websocket import hub, snapshot
from tests.notifications.factories.routing import JOB, NOON, publish_and_route, route

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]


def waiting(server, user) -> list[int]:
    sockets = server.hub().sockets
    counts: list[int] = server.on_loop(lambda: [len(socket.waiting) for socket in sockets.get(user.pk, ())])
    return counts


def test_a_socket_that_leaves_is_forgotten(server, owner):
    socket = server.greeted(owner)
    socket.leave()
    assert dict(server.hub().sockets) == {}


def test_a_socket_that_was_closed_is_forgotten(server, owner):
    socket = server.greeted(owner)
    socket.say("x" * 20_000)
    socket.closing()
    assert server.hub().count() == 0


def test_the_sockets_of_a_process_are_counted_from_any_thread(server, owner):
    before = hub.open_sockets()
    socket = server.greeted(owner)
    assert hub.open_sockets() == before + 1
    socket.leave()
    assert hub.open_sockets() == before


def test_a_socket_too_many_frames_behind_is_caught_up_by_resume_not_by_memory(server, owner, monkeypatch):
    """Its client gets what the database says: one row, and not each time that row was read and unread."""
    monkeypatch.setattr(hub, "QUEUE", 16)
    socket = server.greeted(owner)
    socket.stop_reading()
    publish_and_route("review.submitted", source=JOB)
    socket.wait_until_held()
    [row] = Notification.objects.filter(user=owner)
    for turn in range(20):
        marking.mark(owner.pk, ids=[row.pk], is_read=turn % 2 == 0, now=NOON)
    channel_layer.flush()
    socket.read_on()
    assert socket.frame()["type"] == "notification"
    hello = socket.frame()
    assert (hello["type"], hello["seq"], hello["recovered"], len(hello["notifications"])) == ("hello", 21, True, 1)
    assert socket.has_nothing_more()


def test_a_socket_further_behind_than_a_hello_tells_is_resynced(server, owner):
    socket = server.greeted(owner)
    socket.stop_reading()
    route(*publish_many([NewEvent("review.submitted", JOB) for _ in range(300)]))
    channel_layer.flush()
    assert max(waiting(server, owner)) <= hub.QUEUE == 256
    socket.read_on()
    resync = next(frame for frame in iter(socket.frame, None) if frame["type"] == "resync")
    assert (resync["seq"], resync["unread_count"]) == (300, 300)
    assert socket.has_nothing_more()


def test_a_socket_behind_by_large_frames_is_caught_up_by_resume_too(server, owner, monkeypatch):
    monkeypatch.setattr(hub, "QUEUE_SIZE", 10_000)
    socket = server.greeted(owner)
    socket.stop_reading()
    payload = {"note": "x" * 4000}
    route(*publish_many([NewEvent("review.submitted", JOB, payload=payload) for _ in range(5)]))
    channel_layer.flush()
    assert max(waiting(server, owner)) <= 1
    socket.read_on()
    hello = next(frame for frame in iter(socket.frame, None) if frame["type"] == "hello")
    assert (hello["seq"], hello["recovered"]) == (5, True)


def test_a_greeting_of_too_much_to_tell_is_a_resync(server, owner, monkeypatch):
    monkeypatch.setattr(snapshot, "MOST_SIZE", 10_000)
    payload = {"note": "x" * 4000}
    route(*publish_many([NewEvent("review.submitted", JOB, payload=payload) for _ in range(3)]))
    socket = server.connect(owner, query="seq=0")
    assert [socket.frame()["type"] for _ in range(2)] == ["hello", "resync"]


def test_a_slow_socket_holds_up_nobody_else(server, owner):
    slow, quick = server.greeted(owner), server.greeted(owner)
    slow.stop_reading()
    for name in ("review.submitted", "review.approved", "review.rejected"):
        publish_and_route(name, source=JOB)
    assert [quick.frame()["seq"] for _ in range(3)] == [1, 2, 3]


def test_frames_at_or_below_what_the_client_has_are_not_sent_again(server, owner):
    publish_and_route("job.completed", source=JOB)
    socket = server.greeted(owner)
    old = {"type": "read", "seq": 1, "ids": [], "is_read": True, "unread_count": 0}
    push.push([push.Push(owner.pk, old)], shared={})
    assert socket.has_nothing_more()


@pytest.mark.parametrize("body", ["{", "[]", json.dumps({"frames": [[1, {}, 7]], "shared": {}}), "null"])
def test_a_message_that_makes_no_sense_stops_no_hub(server, owner, body, monkeypatch):
    """Another version of us may be at the other end while a new one is rolled out."""
    monkeypatch.setattr(hub, "RETRY", 0.05)
    monkeypatch.setattr(hub, "CHECK_INTERVAL", 0.05)
    socket = server.greeted(owner)
    if "7" in body:
        body = body.replace("[[1,", f"[[{owner.pk},")
    channel_layer.send(push.GROUP, {"type": "hub.frames", "body": body})
    channel_layer.flush()
    publish_and_route("job.completed", source=JOB)
    frame = socket.frame()
    assert frame["type"] == "notification" or frame["notifications"]


def test_what_a_gap_on_the_bus_lost_is_found_in_the_database(server, owner, monkeypatch):
    monkeypatch.setattr(hub, "CHECK_INTERVAL", 0.05)
    socket = server.greeted(owner)
    monkeypatch.setattr(push, "push", lambda *_a, **_k: None)
    publish_and_route("job.completed", source=JOB)
    hello = socket.frame()
    assert (hello["type"], hello["seq"], len(hello["notifications"])) == ("hello", 1, 1)


def test_large_payloads_travel_in_messages_of_bounded_size(owner, monkeypatch):
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(channel_layer, "send", lambda _group, message: sent.append(message))
    frames = [push.Push(owner.pk, {"seq": n, "own": {}}, n) for n in range(20)]
    shared = {n: {"payload": "x" * 200_000} for n in range(20)}
    push.push(frames, shared=shared)
    assert max(len(message["body"]) for message in sent) < 1_000_000
    assert [
        seq for message in sent for _, frame, _ in json.loads(message["body"])["frames"] for seq in [frame["seq"]]
    ] == list(range(20))
