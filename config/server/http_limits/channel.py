"""HTTP connections with limits: what is too much is refused before it is taken, and no byte renews a deadline.

Twisted's channel and Daphne's request would take a body of any size into memory, wait for ever for somebody who sends a
byte now and then, and write answers for somebody who reads none.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.http_protocol import HTTPFactory
from twisted.internet import reactor as installed_reactor
from twisted.web import http

from config.client_network import network
from config.server import proxy
from config.server.http_limits.budgets import Limits
from config.server.http_limits.request import PADDED, TOO_SLOW, Refusal, Request
from events.rest.parsers import MAX_BODY

# Its types promise less than Daphne's reactor does.
reactor: Any = installed_reactor
HTTPChannel: Any = http.HTTPChannel

# From the connection, or from the first byte of a further request.
HEADER_SECONDS = 20.0
# From the end of the headers: for the largest body 1.1 Mbit/s. The answer may take as long.
BODY_SECONDS = 60.0
# Between an answer and the next request.
IDLE_SECONDS = 60.0
# From its end until the client has read the answer.
ANSWER_SECONDS = 60.0
# Whoever is refused sends on for a while. Closed at once, their kernel would throw away our answer with the connection.
REFUSED_SECONDS = 2.0
REFUSED_BYTES = 2 * MAX_BODY
# Of a chunked body looked at in one go.
SLICE = 4096


class Channel(HTTPChannel):  # type: ignore[misc]  # see above
    """Twisted's connection, with deadlines, refusals, and a bound for answers that the client doesn't read."""

    limits: Limits
    watched: set["Channel"]
    # Whose connection it is, and whose answers; None where a proxy stands for many.
    seat: str | None = None
    client: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.deadline: float | None = None
        self.is_refused = False
        self._is_idle = False
        self._thrown_away = self._unread = 0
        self._read = asyncio.Event()
        self._answered: Request | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._end_after(HEADER_SECONDS)

    def dataReceived(self, data: bytes) -> None:
        if self.is_refused:
            self._thrown_away += len(data)
            if self._thrown_away > REFUSED_BYTES:
                self.transport.abortConnection()
            return
        if self._is_idle:
            self._is_idle = False
            self._end_after(HEADER_SECONDS)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        self._end_after(BODY_SECONDS)
        super().allHeadersReceived()

    def _send100Continue(self) -> None:
        if not self.is_refused:
            super()._send100Continue()

    def allContentReceived(self) -> None:
        if not self.is_refused:
            self.deadline = None
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """Take some of a body; of a chunked one in slices, for 64 KB of chunks of a byte are ten thousand."""
        while data and self.length is None and not (self._handlingRequest or self.is_refused):
            part, data = data[:SLICE], data[SLICE:]
            request: Request = self.requests[-1]
            request.on_the_wire += len(part)
            super().rawDataReceived(part)
            if self.length is None and request.is_padded:
                self.refuse(PADDED)
        if data and self.line_mode:
            self.dataReceived(data)
        elif data and not self.is_refused:
            super().rawDataReceived(data)

    def requestDone(self, request: Any) -> None:
        """Go on to the next request, once the client has read this answer: else one packet of requests could ask for
        any number of answers."""
        if self._waitingForTransport and self.persistent:
            self._answered = request
            self._end_after(ANSWER_SECONDS)
            return
        self._is_idle = True
        self._end_after(IDLE_SECONDS)
        super().requestDone(request)

    def loseConnection(self) -> None:
        self._end_after(ANSWER_SECONDS)
        super().loseConnection()

    def refuse(self, refusal: Refusal) -> None:
        """Answer and hang up. What still comes is thrown away."""
        self.is_refused = True
        self.limits.refused(refusal.code, host=self.getPeer().host)
        for request in self.requests:
            request.give_back_body()
        self.transport.write(refusal.answer(is_api=getattr(self, "_path", b"").startswith(b"/api/")))
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._end_after(REFUSED_SECONDS)

    def check(self, *, now: float) -> None:
        """End the connection if its deadline has passed."""
        if self.deadline is None or now < self.deadline:
            return
        if self.is_refused or self.transport.disconnecting or self._answered is not None:
            self.transport.abortConnection()
        elif self.requests or self._buffer:
            self.refuse(TOO_SLOW)
        else:
            self.loseConnection()

    def _end_after(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    # Answers that the client doesn't read

    def write(self, data: bytes) -> None:
        super().write(data)
        self._count_unread(len(data))

    def writeSequence(self, iovec: list[bytes]) -> None:
        super().writeSequence(iovec)
        self._count_unread(sum(map(len, iovec)))

    def _count_unread(self, size: int) -> None:
        if self._waitingForTransport:
            self._unread += size
            self.limits.answers.use(self.client, size)

    def pauseProducing(self) -> None:
        super().pauseProducing()
        self._read.clear()

    def resumeProducing(self) -> None:
        """The client has read everything."""
        super().resumeProducing()
        self._forget_unread()
        if self._answered is not None:
            request, self._answered = self._answered, None
            self.requestDone(request)

    async def wait_for_reader(self, *, seconds: float) -> None:
        """Return when more may be written, or all is lost: a client that doesn't read for so long is cut off."""
        while self._unread and not self.limits.answers.has_room(self.client):
            if not (self.limits.waiting.has_room(self.client) and await self._is_read_within(seconds)):
                self.limits.refused("unread answers", host=self.getPeer().host)
                self.transport.abortConnection()
                await self._read.wait()

    async def _is_read_within(self, seconds: float) -> bool:
        client = self.client
        self.limits.waiting.use(client)
        try:
            await asyncio.wait_for(self._read.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            self.limits.waiting.give_back(client)
        return True

    def _forget_unread(self) -> None:
        self.limits.answers.give_back(self.client, self._unread)
        self._unread = 0
        self._read.set()

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        self._forget_unread()
        self.leave()()

    def leave(self) -> Callable[[], None]:
        """End the watch over this connection. Whoever has it now calls what this returns at its end."""
        self.watched.discard(self)
        return partial(self.limits.connections.give_back, self.seat)


def limit(factory: HTTPFactory, limits: Limits) -> None:
    """Have this factory make connections with these limits, and watch their deadlines."""
    watched: set[Channel] = set()
    build = factory.buildProtocol

    def admit(address: Any) -> Channel | None:
        # This machine itself may be a proxy that nobody named.
        one = not (proxy.is_trusted(address.host) or proxy.is_loopback(address.host))
        seat = network(address.host) if one else None
        if not limits.connections.has_room(seat):
            limits.refused("connections", host=address.host)
            return None

        channel: Channel = build(address)
        channel.requestFactory, channel.limits, channel.watched, channel.seat = Request, limits, watched, seat
        channel.client = None if proxy.is_trusted(address.host) else network(address.host)
        watched.add(channel)
        limits.connections.use(seat)
        return channel

    def watch() -> None:
        now = time.monotonic()
        for channel in list(watched):
            channel.check(now=now)
        limits.report(now=now)
        reactor.callLater(1, watch)

    # Twisted's own timeout begins anew with each byte.
    factory.protocol, factory.timeOut, factory.buildProtocol = Channel, None, admit
    reactor.callLater(1, watch)
