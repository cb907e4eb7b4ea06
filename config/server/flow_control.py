"""Flow control of sockets: writing waits for slow readers, and costs little for the others."""

import asyncio

from daphne.ws_protocol import WebSocketProtocol


class Backpressure:
    """Push producer of one socket's transport: not writable while its client reads slower than we write.

    Reading pauses too, so that somebody who sends and never reads can't fill our memory with what it sends.
    """

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self.protocol = protocol
        self.writable = asyncio.Event()
        self.writable.set()

    def pauseProducing(self) -> None:
        self.writable.clear()
        self.protocol.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self.writable.set()
        self.protocol.transport.resumeProducing()

    def stopProducing(self) -> None:
        self.writable.set()


class Socket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """Daphne's socket without the coloured line that Autobahn builds for its debug log at each frame, be that on or
    off: a quarter of a frame's cost. A test fails when an upgrade changes the method this replaces."""

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        if sync or chopsize or self.send_queue or self.state != self.STATE_OPEN:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)
            self.trafficStats.outgoingOctetsWireLevel += len(data)
