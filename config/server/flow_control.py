"""Flow control of sockets: neither who reads slowly nor who sends fast costs the others anything."""

import asyncio
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import succeed

# Its types promise less than Daphne's reactor does.
reactor: Any = installed_reactor

# A frame with content takes two steps. The consumer wants ten frames a second, so these only spare us the work of more:
# of empty frames, pings and fragments 64 KB have ten thousand, and each copies the rest of them.
STEPS_A_SECOND = 50.0
STEPS_AT_ONCE = 200.0
HALT_SECONDS = 0.5


class Halt(Enum):
    """Reason not to read from a socket now."""

    HANDSHAKE = "its handshake is not answered yet"
    UNREAD = "its client doesn't read what we sent"
    TOO_FAST = "its client sends too many frames"


class Backpressure:
    """Push producer of one socket's transport: not writable while its client reads slower than we write.

    Reading pauses too, so that somebody who sends and never reads can't fill our memory with what it sends.
    """

    def __init__(self, protocol: "Socket") -> None:
        self.protocol = protocol
        self.writable = asyncio.Event()
        self.writable.set()

    def pauseProducing(self) -> None:
        self.writable.clear()
        self.protocol.halt(Halt.UNREAD)

    def resumeProducing(self) -> None:
        self.writable.set()
        self.protocol.go_on(Halt.UNREAD)

    def stopProducing(self) -> None:
        self.writable.set()


class Socket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """Daphne's socket, which takes so many frames a second and leaves the rest to the client's kernel.

    Sending goes without the coloured line that Autobahn builds for its debug log at each frame, be that on or off: a
    quarter of a frame's cost. A test fails when an upgrade changes a method replaced here.
    """

    on_lost: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._halts: set[Halt] = set()
        self._steps, self._counted = STEPS_AT_ONCE, 0.0

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        # Autobahn's has the socket itself as its result: a ring, which stays until the old are searched for cycles, and
        # with sockets that come and go that is tens of megabytes.
        self.is_closed = succeed(None)
        if self.on_lost:
            self.on_lost()

    def halt(self, why: Halt) -> None:
        self._halts.add(why)
        self.transport.pauseProducing()

    def go_on(self, why: Halt) -> None:
        self._halts.discard(why)
        if not self._halts:
            self.transport.resumeProducing()

    def consumeData(self) -> None:
        """Take frames from what was read, as many as are due."""
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            super().consumeData()
            return
        now = time.monotonic()
        self._steps = min(STEPS_AT_ONCE, self._steps + (now - self._counted) * STEPS_A_SECOND)
        self._counted = now
        while self._steps >= 1:
            self._steps -= 1
            if not self.processData() or self.state == self.STATE_CLOSED:
                return
        self.halt(Halt.TOO_FAST)
        reactor.callLater(HALT_SECONDS, self._take_more)

    def _take_more(self) -> None:
        if self.state != self.STATE_CLOSED:
            self.go_on(Halt.TOO_FAST)
            self.consumeData()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        if sync or chopsize or self.send_queue or self.state != self.STATE_OPEN:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)
            self.trafficStats.outgoingOctetsWireLevel += len(data)
