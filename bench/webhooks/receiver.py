"""The process that `bench.webhooks` sends to: answers 204 at once, and after ten seconds where the path says so.

`GET /count` says how many came since the last such question, and when the first and the last did (monotonic clock).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

HANGS_FOR = 10.0
HANG = b"/hang/"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


class Counted:
    count, first, last = 0, 0.0, 0.0


class Receiver(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer, 0, end + 2)
            until = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < until:
                return
            path = self._buffer.split(b" ", 2)[1]
            self._buffer = self._buffer[until:]
            self._answer(path)

    def _answer(self, path: bytes) -> None:
        if path == b"/count":
            self._transport.write(_counted())
        elif path.startswith(HANG):
            asyncio.get_running_loop().call_later(HANGS_FOR, self._transport.write, _DONE)
        else:
            Counted.last = time.monotonic()
            Counted.first = Counted.first if Counted.count else Counted.last
            Counted.count += 1
            self._transport.write(_DONE)


def _counted() -> bytes:
    body = json.dumps({"count": Counted.count, "first": Counted.first, "last": Counted.last}).encode()
    Counted.count = 0
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started it closes the pipe.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
