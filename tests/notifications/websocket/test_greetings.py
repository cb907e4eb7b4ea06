"""Greetings, which are dear: a person's wait for each other and cost their neighbours nothing."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.test import Client

from config.server.connection_pool import HEALTH_CHECKS_AT_ONCE, POOL, REQUESTS_AT_ONCE
from notifications.inbox.frames import Frame
from notifications.websocket import consumer, hub, snapshot
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]


class Reads:
    """Reads of snapshots: those of one person are held up while `go` is not set."""

    def __init__(self, user_id: int, *, read: Any) -> None:
        self.user_id, self.read = user_id, read
        self.go, self.held = threading.Event(), threading.Event()
        self.go.set()
        self.asked: list[int | None] = []
        self.running = self.most = 0

    def since(self, user_id: int, *, seq: int | None, **more: Any) -> list[Frame]:
        if user_id == self.user_id:
            self.asked.append(seq)
            self.running += 1
            self.most = max(self.most, self.running)
            if not self.go.is_set():
                self.held.set()
            assert self.go.wait(10)
            self.running -= 1
        return self.read(user_id, seq=seq, **more)  # type: ignore[no-any-return]


@pytest.fixture
def reads(owner, monkeypatch) -> Reads:
    found = Reads(owner.pk, read=snapshot.since)
    monkeypatch.setattr(snapshot, "since", found.since)
    return found


@pytest.fixture
def _one_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(hub, "GREETINGS_AT_ONCE", 1.0)
    monkeypatch.setattr(hub, "GREETINGS_A_SECOND", 1e-6)


def test_resumes_that_wait_become_one_from_the_least(server, owner, reads):
    publish_and_route("review.submitted", source=JOB)
    socket = server.greeted(owner)
    reads.go.clear()
    for seq in (1, 1, 0, 1):
        socket.say({"type": "resume", "seq": seq})
        assert reads.held.wait(10)
    assert socket.answer({"type": "ping"}) == {"type": "pong"}
    reads.go.set()
    assert [len(socket.frame()["notifications"]) for _ in range(2)] == [0, 1]
    assert socket.has_nothing_more()
    assert reads.asked == [None, 1, 0]


def test_one_persons_are_read_one_at_a_time_and_others_meanwhile(server, owner, watcher, reads):
    sockets = [server.greeted(owner) for _ in range(6)]
    reads.go.clear()
    for socket in sockets:
        socket.say({"type": "resume", "seq": 0})
    assert reads.held.wait(10)
    assert server.connect(watcher).frame()["type"] == "hello"
    reads.go.set()
    assert {socket.frame()["type"] for socket in sockets} == {"hello"}
    assert reads.most == 1


@pytest.mark.usefixtures("_one_and_no_more")
def test_what_is_over_the_allowance_waits_and_closes_nothing(server, owner, watcher, reads):
    socket = server.greeted(owner)
    for _ in range(9):
        socket.say({"type": "resume", "seq": 0})
    assert socket.has_nothing_more()
    assert server.connect(owner).message() == {"type": "websocket.accept"}
    assert server.connect(watcher).frame()["type"] == "hello"
    assert reads.asked == [None]


@pytest.mark.usefixtures("_one_and_no_more")
def test_coming_anew_brings_no_new_allowance(server, owner, reads):
    server.greeted(owner).leave()
    socket = server.connect(owner)
    assert socket.message() == {"type": "websocket.accept"}
    assert socket.answer({"type": "ping"}) == {"type": "pong"}
    assert reads.asked == [None]


@pytest.mark.usefixtures("_one_and_no_more")
def test_a_socket_that_waits_for_its_greeting_ends_like_any_other(server, owner):
    client = Client()
    server.greeted(owner, client=client)
    waiting = server.connect(client=client)
    assert waiting.answer({"type": "ping"}) == {"type": "pong"}
    client.logout()
    assert waiting.closing() == ("unauthenticated", 4401)


def test_an_allowance_that_is_full_again_is_forgotten(server, owner, monkeypatch):
    monkeypatch.setattr(hub, "GREETINGS_A_SECOND", 1e6)
    monkeypatch.setattr(hub, "RECHECK", 0.05)
    server.greeted(owner).leave()
    while server.hub()._greetings:
        time.sleep(0.01)


def test_everybody_who_comes_back_at_once_is_greeted(server, owner, watcher):
    sockets = [server.connect(user) for user in [owner, watcher] * consumer.SOCKETS_PER_PERSON]
    assert {socket.frame()["type"] for socket in sockets} == {"hello"}


def test_the_pool_has_a_connection_for_each_thread_of_the_sockets():
    assert POOL["max_size"] - REQUESTS_AT_ONCE - HEALTH_CHECKS_AT_ONCE >= hub.QUERIES_AT_ONCE
