"""Connections with limits: what is too much is refused before it is taken, and no byte renews a deadline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from daphne.http_protocol import HTTPFactory
from daphne.ws_protocol import WebSocketFactory
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from config.server.daphne import DrainingServer
from config.server.flow_control import Socket
from config.server.http_limits import channel as http_channel
from config.server.http_limits import request as http_request
from config.server.http_limits.budgets import BODIES, BODIES_OF_ONE, SMALL_BODY, Limits
from events.rest.parsers import MAX_BODY

CLIENT, OTHER, PROXY = "192.0.2.1", "192.0.2.2", "10.0.0.5"
MEGABYTE = 1024 * 1024


class Transport(StringTransport):
    """A connection whose both ends are here; `half_closed` once nothing more is written to it."""

    half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True


PROCESS = http_request.Request.process


async def _waits(scope: Any, receive: Any, send: Any) -> None:
    await receive()


class Connections:
    """Connections to a server that doesn't listen; its requests are noted instead of processed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limits = Limits()
        self.processed: list[bytes] = []
        self.server = DrainingServer(_waits, host="127.0.0.1", port=0)
        self.server.ws_factory = WebSocketFactory(self.server)
        self.server.ws_factory.protocol = Socket
        self._factory = HTTPFactory(self.server)
        monkeypatch.setattr(http_channel.reactor, "callLater", Clock().callLater)
        monkeypatch.setattr(http_request.Request, "process", lambda request: self.processed.append(request.path))
        http_channel.limit(self._factory, self.limits)

    def connect(self, host: str = CLIENT) -> Any:
        address = IPv4Address("TCP", host, 4711)
        channel = self._factory.buildProtocol(address)
        if channel is not None:
            channel.makeConnection(Transport(peerAddress=address))  # type: ignore[no-untyped-call]
        return channel

    async def shake_hands(self) -> tuple[Any, Any]:
        """A handshake, up to the moment that the application accepts it; what was the connection, and the socket."""
        handshake = head(
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            method="GET",
        )
        channel = self.send(handshake)
        transport = channel.transport
        socket = transport.protocol
        assert (type(socket), transport.producerState, self.limits.connections.used) == (Socket, "paused", 1)
        await self.server.handle_reply(socket, {"type": "websocket.accept"})
        assert (transport.producerState, self.limits.connections.used) == ("producing", 1)
        socket.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
        assert self.limits.connections.used == 0
        return channel, socket

    def send(self, *parts: bytes, host: str = CLIENT) -> Any:
        channel = self.connect(host)
        for part in parts:
            channel.dataReceived(part)
        return channel


@pytest.fixture
def connections(monkeypatch) -> Connections:
    return Connections(monkeypatch)


def head(*headers: str, path: str = "/sign-in/", method: str = "POST", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: testserver", *headers, "", ""]
    return "\r\n".join(lines).encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def status(channel: Any) -> int:
    """Status of the answer, 0 if there is none yet."""
    said = channel.transport.value()
    return int(said.split(b" ", 2)[1]) if said else 0


# Size


@pytest.mark.parametrize("size", [MAX_BODY + 1, 800 * MEGABYTE, 10**30])
def test_a_body_that_is_too_large_is_refused_by_its_length_before_a_byte_of_it_comes(connections, size):
    channel = connections.send(head(f"Content-Length: {size}"))
    assert status(channel) == 413
    assert channel.transport.half_closed
    assert connections.processed == []


def test_the_largest_body_is_taken(connections):
    channel = connections.send(head(f"Content-Length: {MAX_BODY}"), b" " * MAX_BODY)
    assert (status(channel), connections.processed) == (0, [b"/sign-in/"])


def test_a_chunked_body_is_refused_by_what_it_has_come_to(connections):
    channel = connections.send(head("Transfer-Encoding: chunked"), *[chunk(b" " * MEGABYTE)] * 8)
    assert status(channel) == 0
    channel.dataReceived(chunk(b" ") + b"0\r\n\r\n")
    assert (status(channel), connections.processed) == (413, [])


def test_a_chunked_body_of_the_largest_size_is_taken(connections):
    connections.send(head("Transfer-Encoding: chunked"), *[chunk(b" " * MEGABYTE)] * 8, b"0\r\n\r\n")
    assert connections.processed == [b"/sign-in/"]


@pytest.mark.parametrize("padding", [chunk(b" "), b"1;" + b"x" * 1000 + b"\r\n \r\n"], ids=["small", "extended"])
def test_chunks_that_are_mostly_padding_are_refused_before_they_are_all_looked_at(connections, padding):
    channel = connections.send(head("Transfer-Encoding: chunked"), padding * (64 * 1024 // len(padding)))
    assert (status(channel), connections.processed) == (413, [])
    assert channel.requests[0].on_the_wire < 25 * 1024


def test_small_chunks_are_taken_while_they_are_few(connections):
    connections.send(head("Transfer-Encoding: chunked"), chunk(b"x" * 5) * 1600 + b"0\r\n\r\n")
    connections.send(head("Transfer-Encoding: chunked"), chunk(b"x" * 50) * 50_000 + b"0\r\n\r\n")
    assert len(connections.processed) == 2


def test_many_chunked_requests_in_one_packet_are_each_taken(connections):
    one = head("Transfer-Encoding: chunked") + chunk(b"x") + b"0\r\n\r\n"
    channel = connections.send(one * 600)
    while channel.requests:
        answer(channel)
    assert len(connections.processed) == 600


@pytest.mark.parametrize("header", ["Content-Length: 1", "Transfer-Encoding: chunked"])
def test_a_handshake_has_no_body(connections, header):
    channel = connections.send(head("Upgrade: websocket", "Connection: Upgrade", header, method="GET"))
    assert status(channel) == 413


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events?x=1"])
def test_the_api_says_it_in_its_own_shape(connections, path):
    answer = connections.send(head(f"Content-Length: {MAX_BODY + 1}", path=path)).transport.value()
    said, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body)["code"] == "too_large"
    assert b"Content-Type: application/json" in said
    assert b"Connection: close" in said
    assert f"Content-Length: {len(body)}".encode() in said


def test_everybody_else_is_told_in_words(connections):
    answer = connections.send(head(f"Content-Length: {MAX_BODY + 1}")).transport.value()
    assert b"text/plain" in answer
    assert answer.endswith(b"send it in parts.\n")


def test_nobody_is_asked_to_continue_with_what_is_refused(connections):
    asked = connections.send(head("Content-Length: 5", "Expect: 100-continue"))
    assert status(asked) == 100
    refused = connections.send(head(f"Content-Length: {MAX_BODY + 1}", "Expect: 100-continue"))
    assert status(refused) == 413


def test_http_1_0_is_refused_alike(connections):
    assert status(connections.send(head(f"Content-Length: {MAX_BODY + 1}", version="1.0"))) == 413


def test_what_comes_after_a_refusal_is_thrown_away_up_to_a_bound(connections):
    channel = connections.send(head(f"Content-Length: {800 * MEGABYTE}"), *[b" " * MEGABYTE] * 16)
    assert not channel.transport.disconnected
    channel.dataReceived(head(method="GET"))
    assert channel.transport.disconnected
    assert connections.processed == []


def test_forms_are_left_to_the_application(connections):
    """Twisted would parse them while everybody waits."""
    connections.send(head("Content-Type: application/x-www-form-urlencoded", "Content-Length: 3"), b"a=b")
    assert connections.processed == [b"/sign-in/"]


# What is held


def test_bodies_of_one_address_are_bounded_by_what_came_of_them(connections):
    for _ in range(2):
        connections.send(head(f"Content-Length: {MAX_BODY}"), b" " * MAX_BODY)
    refused = connections.send(head(f"Content-Length: {MEGABYTE}", path="/api/v1/events"))
    assert status(refused) == 503
    assert b"Retry-After: 1" in refused.transport.value()
    assert json.loads(refused.transport.value().partition(b"\r\n\r\n")[2])["code"] == "busy"
    assert status(connections.send(head(f"Content-Length: {MEGABYTE}"), host=OTHER)) == 0


def test_lengths_that_are_only_told_hold_nothing(connections):
    for _ in range(20):
        connections.send(head(f"Content-Length: {MAX_BODY}"))
    assert connections.limits.bodies.used == 0


def test_a_body_that_grows_over_the_bound_is_refused_and_what_came_of_it_given_back(connections):
    first = connections.send(head(f"Content-Length: {MAX_BODY}"), b" " * (MAX_BODY - 1))
    second = connections.send(head(f"Content-Length: {MAX_BODY}"), b" " * (MAX_BODY - 1))
    third = connections.send(head("Transfer-Encoding: chunked"), chunk(b" " * MEGABYTE))
    assert [status(one) for one in (first, second, third)] == [0, 0, 503]
    assert connections.limits.bodies.used == 2 * (MAX_BODY - 1 - SMALL_BODY)


def test_small_bodies_are_always_taken(connections):
    connections.limits.bodies.use(CLIENT, BODIES_OF_ONE)
    connections.limits.bodies.use(OTHER, BODIES - BODIES_OF_ONE)
    connections.send(head(f"Content-Length: {SMALL_BODY}"), b" " * SMALL_BODY)
    connections.send(head("Transfer-Encoding: chunked"), chunk(b" " * SMALL_BODY) + b"0\r\n\r\n")
    assert len(connections.processed) == 2


def test_a_lost_connection_gives_back_what_came_of_its_body(connections):
    channel = connections.send(head(f"Content-Length: {MAX_BODY}"), b" " * MEGABYTE)
    assert connections.limits.bodies.used == MEGABYTE - SMALL_BODY
    channel.connectionLost(None)
    assert connections.limits.bodies.used == 0


def test_bodies_through_a_named_proxy_are_their_senders(connections, settings):
    settings.TRUSTED_PROXIES = [ip_network(PROXY)]
    held = head(f"X-Forwarded-For: {CLIENT}", f"Content-Length: {MAX_BODY}"), b" " * MAX_BODY
    for _ in range(2):
        connections.send(*held, host=PROXY)
    assert status(connections.send(*held, host=PROXY)) == 503
    other = connections.send(head(f"X-Forwarded-For: {OTHER}", f"Content-Length: {MAX_BODY}"), host=PROXY)
    assert status(other) == 0


# Connections


def test_connections_of_one_address_are_bounded(connections):
    mine = [connections.connect() for _ in range(201)]
    assert [number for number, channel in enumerate(mine) if channel is None] == [200]
    assert connections.connect(OTHER)
    mine[0].connectionLost(None)
    assert connections.connect()


@pytest.mark.parametrize("host", ["127.0.0.1", PROXY])
def test_a_named_proxy_and_this_machine_may_have_more(connections, settings, host):
    settings.TRUSTED_PROXIES = [ip_network(PROXY)]
    assert all(connections.connect(host) for _ in range(300))


def test_connections_of_all_are_bounded(connections):
    connections.limits.connections.total = 3
    assert [bool(connections.connect(f"127.0.0.{last}")) for last in range(1, 5)] == [True, True, True, False]


def test_a_socket_keeps_the_place_of_the_connection_it_grew_out_of_and_is_read_once_accepted(connections, monkeypatch):
    monkeypatch.setattr(http_request.Request, "process", PROCESS)
    async_to_sync(connections.shake_hands)()


def test_a_socket_that_ended_is_in_no_ring_that_waits_for_a_search_for_cycles(connections, monkeypatch):
    monkeypatch.setattr(http_request.Request, "process", PROCESS)
    channel, socket = async_to_sync(connections.shake_hands)()
    assert channel.requests == []
    assert socket.is_closed.called
    assert socket.is_closed.result is None


# Deadlines


@pytest.fixture
def later() -> Callable[[float], float]:
    return lambda seconds: time.monotonic() + seconds


@pytest.mark.parametrize(
    ("sent", "seconds", "answered"),
    [
        ([b""], 20, 0),
        ([b"POST /"], 20, 408),
        ([head()[:-2]], 20, 408),
        ([head("Content-Length: 5"), b"four"], 60, 408),
        ([head("Transfer-Encoding: chunked"), chunk(b"four")], 60, 408),
    ],
    ids=["nothing", "half a line", "half of the headers", "half of the body", "half of the chunks"],
)
def test_who_is_too_slow_is_told_and_cut_off(connections, later, sent, seconds, answered):
    channel = connections.send(*sent)
    channel.check(now=later(seconds - 1))
    assert status(channel) == 0
    assert not channel.transport.disconnecting
    channel.check(now=later(seconds + 0.1))
    assert status(channel) == answered
    channel.check(now=later(seconds + 65))
    assert channel.transport.disconnected
    assert connections.processed == []


def test_no_byte_renews_a_deadline(connections):
    channel = connections.send(b"GET / HTTP/1.1\r\n")
    until = channel.deadline
    channel.dataReceived(b"Host: ")
    assert channel.deadline == until
    channel = connections.send(head("Content-Length: 5"))
    until = channel.deadline
    channel.dataReceived(b"four")
    assert channel.deadline == until


def test_a_request_that_is_worked_on_has_no_deadline_here(connections, later):
    channel = connections.send(head("Content-Length: 0"))
    channel.check(now=later(1000))
    assert not channel.transport.disconnecting


def answer(channel: Any, *, size: int = 5) -> None:
    request = channel.requests[0]
    request.write(b"x" * size)
    request.finish()


def test_a_connection_that_is_kept_waits_a_minute_and_then_gives_the_next_request_its_own_time(connections, later):
    channel = connections.send(head("Content-Length: 0"))
    answer(channel)
    channel.check(now=later(59))
    assert not channel.transport.disconnecting
    channel.dataReceived(b"G")
    channel.transport.clear()
    channel.check(now=later(20.1))
    assert status(channel) == 408


def test_requests_in_one_packet_are_answered_one_after_the_other(connections):
    channel = connections.send(head("Content-Length: 1", path="/a") + b"x" + head("Content-Length: 0", path="/b"))
    assert connections.processed == [b"/a"]
    answer(channel)
    assert connections.processed == [b"/a", b"/b"]


# Answers that nobody reads


def test_the_next_request_waits_until_the_answer_before_is_read(connections):
    channel = connections.send(head("Content-Length: 0", path="/a") + head("Content-Length: 0", path="/b"))
    channel.pauseProducing()
    answer(channel, size=MEGABYTE)
    assert connections.processed == [b"/a"]
    assert connections.limits.answers.used >= MEGABYTE
    channel.resumeProducing()
    assert connections.processed == [b"/a", b"/b"]
    assert connections.limits.answers.used == 0


@pytest.mark.parametrize("header", ["Connection: keep-alive", "Connection: close"])
def test_who_doesn_t_read_an_answer_is_cut_off(connections, later, header):
    channel = connections.send(head("Content-Length: 0", header))
    channel.pauseProducing()
    answer(channel, size=MEGABYTE)
    channel.check(now=later(59))
    assert not channel.transport.disconnected
    channel.check(now=later(60.1))
    assert channel.transport.disconnected
    channel.connectionLost(None)
    assert connections.limits.answers.used == 0


# What is told


def test_what_was_refused_is_a_line_a_minute(connections, caplog):
    for _ in range(3):
        connections.send(head(f"Content-Length: {MAX_BODY + 1}"))
    connections.limits.report(now=100)
    connections.send(head(f"Content-Length: {MAX_BODY + 1}"), host=OTHER)
    connections.limits.report(now=159)
    assert caplog.messages == ["Refused 3 requests and connections: 3 too_large from 192.0.2.1"]
    connections.limits.report(now=160)
    assert caplog.messages[1:] == ["Refused 1 requests and connections: 1 too_large from 192.0.2.2"]
