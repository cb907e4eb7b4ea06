"""A real HTTP or HTTPS receiver on loopback: it keeps every request as it came, and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import trustme


@dataclass(frozen=True)
class Request:
    """`headers`: names in lower case; `connection`: 1 is the first that was opened; `at`: seconds since 1970."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float


@dataclass(frozen=True)
class Reply:
    """`delay`: seconds before the first byte. `drip`: seconds between two bytes. `raw`: instead of everything else.

    `endless`: the body is sent again and again. `hang`: never answers. `close`: closes in place of an answer.
    `stays_open`: what is `raw` is not followed by the end of the connection.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    drip: float = 0
    endless: bool = False
    hang: bool = False
    close: bool = False
    raw: bytes | None = None
    stays_open: bool = False


class Receiver:
    """Answers with `replies` in their order, then by `by_path`, then with `reply`."""

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.requests: list[Request] = []
        self.connections = 0
        self.sent = 0
        self.reply = Reply()
        self.replies: deque[Reply] = deque()
        self.by_path: dict[str, Reply] = {}
        self.on_request: Callable[[Request], None] | None = None

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def wait_for(self, count: int, *, seconds: float = 5) -> list[Request]:
        """The requests, as soon as there are so many. AssertionError if they don't come."""
        until = time.monotonic() + seconds
        while len(self.requests) < count:
            assert time.monotonic() < until, f"{len(self.requests)} requests came, not {count}"
            time.sleep(0.005)
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while (request := await _read(reader, number)) and await self._answer(request, writer):
                pass
        writer.transport.abort()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """False: the connection is to be closed."""
        self.requests.append(request)
        if self.on_request:
            self.on_request(request)
        reply = self.replies.popleft() if self.replies else self.by_path.get(request.path, self.reply)
        await asyncio.sleep(reply.delay)
        if reply.hang:
            await asyncio.Event().wait()
        if reply.close:
            return False
        await self._write(reply, writer)
        if reply.stays_open:
            await asyncio.Event().wait()
        return reply.raw is None and not reply.endless

    async def _write(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        answer = _spelled(reply)
        for piece in [bytes([one]) for one in answer] if reply.drip else [answer]:
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)
            await asyncio.sleep(reply.drip)
        while reply.endless:
            writer.write(reply.body)
            await writer.drain()
            self.sent += len(reply.body)


async def _read(reader: asyncio.StreamReader, connection: int) -> Request | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, connection, time.time())


def _spelled(reply: Reply) -> bytes:
    if reply.raw is not None:
        return reply.raw
    length = {} if reply.endless else {"Content-Length": str(len(reply.body))}
    lines = [f"HTTP/1.1 {reply.status} Told", *(f"{name}: {value}" for name, value in (length | reply.headers).items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body


@contextlib.contextmanager
def receiving(*, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver in a thread of its own; WEBHOOK_ALLOWED_NETWORKS must open loopback for it."""
    receiver, loop, started = Receiver(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(receiver.serve, host, 0, ssl=tls)
        receiver.port = server.sockets[0].getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        receiver.url = f"{'https' if tls else 'http'}://{shown}:{receiver.port}"
        started.set()

    def run() -> None:
        loop.set_exception_handler(lambda *_: None)
        loop.create_task(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(_end, loop)
        thread.join(5)


def receiving_as(*names: str, by: trustme.CA) -> AbstractContextManager[Receiver]:
    """A receiver with a certificate for these names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    by.issue_cert(*names).configure_cert(context)
    return receiving(tls=context)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    asyncio.gather(*tasks, return_exceptions=True).add_done_callback(lambda _: loop.stop())
