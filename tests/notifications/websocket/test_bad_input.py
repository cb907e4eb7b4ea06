"""What clients must not do, and what it costs: an error frame, or the socket; never more."""

from __future__ import annotations

import json

import pytest

from notifications.websocket import consumer
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]

LARGEST = consumer.MAX_FRAME


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "null", '"resume"', "NaN", "[" * 5000, '{"seq": 1' + "0" * 9000 + "}", b"\x00\xff"]
)
def test_what_is_no_json_object_is_an_error_frame(server, owner, text):
    socket = server.greeted(owner)
    error = socket.answer(text)
    assert (error["type"], error["code"]) == ("error", "invalid_json")
    assert socket.has_nothing_more()


@pytest.mark.parametrize(
    "name",
    [
        "websocket.disconnect",
        "websocket_close",
        "hub.frames",
        "hub.end_session",
        "close",
        "notification",
        "",
        None,
        7,
        [],
    ],
)
def test_a_frame_naming_an_internal_handler_is_just_unknown(server, owner, name):
    socket = server.greeted(owner)
    assert socket.answer({"type": name, "session": "x", "code": 1000})["code"] == "unknown_type"
    assert socket.has_nothing_more()


def test_a_frame_without_a_type_is_unknown(server, owner):
    assert server.greeted(owner).answer({"seq": 1})["code"] == "unknown_type"


def test_nothing_is_changed_over_the_socket(server, owner):
    publish_and_route("job.completed", source=JOB)
    socket = server.greeted(owner)
    assert socket.answer({"type": "read", "ids": [1]})["code"] == "unknown_type"
    assert socket.answer({"type": "resume", "seq": 0})["unread_count"] == 1


def test_ping_is_answered(server, owner):
    assert server.greeted(owner).answer({"type": "ping"}) == {"type": "pong"}


def padded(size: int, *, filler: str = "x") -> str:
    frame = json.dumps({"type": "ping", "padding": ""})
    return frame.replace('""', f'"{filler * ((size - len(frame)) // len(filler.encode()))}"')


def test_a_frame_of_16_kilobytes_is_read(server, owner):
    assert server.greeted(owner).answer(padded(LARGEST)) == {"type": "pong"}


@pytest.mark.parametrize("text", [padded(LARGEST) + " ", "x" * 2**20, b"x" * (LARGEST + 1)])
def test_a_larger_frame_closes_the_socket(server, owner, text):
    socket = server.greeted(owner)
    socket.say(text)
    assert socket.closing() == ("too_large", 4413)


def test_the_size_is_counted_in_bytes(server, owner):
    socket = server.greeted(owner)
    socket.say(padded(LARGEST + 1000, filler="\N{BELL}"))
    assert socket.closing() == ("too_large", 4413)


def test_a_thousand_frames_a_second_close_the_socket(server, owner):
    socket = server.greeted(owner)
    for _ in range(1000):
        socket.say({"type": "ping"})
    assert socket.closing() == ("too_many", 4429)
    assert socket.sent.empty()


def test_a_flood_is_answered_up_to_the_burst_only(server, owner):
    socket = server.greeted(owner)
    for _ in range(1000):
        socket.say({"type": "ping"})
    socket.ended.result(10)
    assert socket.sent.qsize() <= consumer.BURST + consumer.RATE + 2


def test_one_socket_too_many_is_closed_and_the_others_live(server, owner):
    sockets = [server.greeted(owner) for _ in range(consumer.SOCKETS_PER_PERSON)]
    assert server.connect(owner).closing() == ("too_many", 4429)
    assert sockets[0].has_nothing_more()


def test_a_place_is_free_again_when_a_socket_leaves(server, owner):
    sockets = [server.greeted(owner) for _ in range(consumer.SOCKETS_PER_PERSON)]
    sockets[3].leave()
    assert server.connect(owner).frame()["type"] == "hello"


def test_one_persons_flood_closes_nobody_elses_socket(server, owner, watcher):
    other = server.greeted(watcher)
    socket = server.greeted(owner)
    for _ in range(100):
        socket.say("{")
    socket.closing()
    assert other.has_nothing_more()
