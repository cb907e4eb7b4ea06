"""Receiver of webhooks that answers 204 at once, and after ten seconds where the path says so. Prints its port.

`GET /count` says how many came since the last such question, and when the first and the last did (monotonic clock).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict

from bench.webhooks.arrivals import Arrivals

HANG_SECONDS, HANG_PATH = 10.0, b"/hang/"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """The server's side of one connection; all of them count together."""

    arrivals = Arrivals()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end + 2)
            until = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < until:
                return
            path = self._buffer.split(b" ", 2)[1]
            self._buffer = self._buffer[until:]
            self._respond(path)

    def _respond(self, path: bytes) -> None:
        if path == b"/count":
            self._transport.write(_json_response(asdict(self.arrivals)))
            Receiver.arrivals = Arrivals()
        elif path.startswith(HANG_PATH):
            asyncio.get_running_loop().call_later(HANG_SECONDS, self._transport.write, _NO_CONTENT)
        else:
            self.arrivals.last = time.monotonic()
            self.arrivals.first = self.arrivals.first or self.arrivals.last
            self.arrivals.count += 1
            self._transport.write(_NO_CONTENT)


def _json_response(content: object) -> bytes:
    body = json.dumps(content).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started it closes the pipe.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
