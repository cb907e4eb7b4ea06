"""Flow control of sockets."""

from __future__ import annotations

import asyncio

from daphne.ws_protocol import WebSocketProtocol


class Brake:
    """Push producer of one socket's transport: closed while its client reads slower than we write.

    Reading pauses too, so that somebody who sends and never reads can't fill our memory with what it sends.
    """

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self.protocol = protocol
        self.open = asyncio.Event()
        self.open.set()

    def pauseProducing(self) -> None:
        self.open.clear()
        self.protocol.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self.open.set()
        self.protocol.transport.resumeProducing()

    def stopProducing(self) -> None:
        self.open.set()


class Socket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """Daphne's, without the line in colours that Autobahn makes for its debug log at each frame, be that on or off:
    a quarter of what a frame costs."""

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        if sync or chopsize or self.send_queue or self.state != self.STATE_OPEN:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)
            self.trafficStats.outgoingOctetsWireLevel += len(data)
