"""Mail server that takes every mail at once and keeps none, on a port that is named or free. Prints its port."""

from __future__ import annotations

import asyncio
import sys

_END_OF_BODY, _END_OF_COMMAND = b"\r\n.\r\n", b"\r\n"
_EXTENSIONS = b"250-localhost\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"
_REPLIES = {b"DATA": b"354 go on\r\n", b"EHLO": _EXTENSIONS, b"QUIT": b"221 bye\r\n"}


class MailServer(asyncio.Protocol):
    """The server's side of one connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer, self._is_body = transport, b"", False
        transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (length := self._buffer.find(end := _END_OF_BODY if self._is_body else _END_OF_COMMAND)) >= 0:
            line, self._buffer = self._buffer[:length], self._buffer[length + len(end) :]
            self._transport.write(self._reply(line[:4].upper()))

    def _reply(self, command: bytes) -> bytes:
        if self._is_body:
            self._is_body = False
            return b"250 taken\r\n"
        self._is_body = command == b"DATA"
        return _REPLIES.get(command, b"250 ok\r\n")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        MailServer, "127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
