"""Mail server that takes mails at once, but for the recipients of some domains. Prints its port."""

from __future__ import annotations

import asyncio
import sys

# Seconds before it says yes to a recipient there, and what it says in place of yes.
SLOW = {"slow.example": 10.0, "hanging.example": 3600.0}
REFUSED = {"gone.example": b"550 5.1.1 no such user\r\n", "policy.example": b"554 5.7.1 relay access denied\r\n"}
_REPLIES = {"EHLO": b"250-localhost\r\n250 8BITMIME\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until either side has enough."""
    writer.write(b"220 localhost\r\n")
    try:
        while line := (await reader.readline()).decode():
            command = line[:4].upper()
            reply = await _to_recipient(line) if command == "RCPT" else _REPLIES.get(command, b"250 ok\r\n")
            writer.write(reply)
            if command == "DATA":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 taken\r\n")
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def _to_recipient(line: str) -> bytes:
    domain = line.rpartition("@")[2].partition(">")[0]
    await asyncio.sleep(SLOW.get(domain, 0.0))
    return REFUSED.get(domain, b"250 ok\r\n")


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started it closes the pipe.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
