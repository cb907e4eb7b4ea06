"""/ws/notifications/: a raw ASGI application. Channels' consumers hop through one thread for every message."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.db import DatabaseError

from events.entities import whole_number
from events.monitoring import families
from events.transport import outages
from notifications.inbox import frames
from notifications.inbox.frames import Frame
from notifications.websocket import authentication, hub
from notifications.websocket.authentication import Identity
from notifications.websocket.token_bucket import TokenBucket

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/ws/notifications/"
MAX_FRAME = 16 * 1024
RATE, BURST = 10.0, 20.0
SOCKETS_PER_PERSON = 20


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve one connection, from handshake to close. This is the ASGI application for a site's WebSockets."""
    with contextlib.suppress(_ClientLeftError):
        await _serve(scope, _Connection(receive, send))


async def _serve(scope: dict[str, Any], connection: _Connection) -> None:
    await connection.receive()
    if scope["path"] != PATH or not authentication.is_origin_allowed(scope):
        # Closing before accepting answers the handshake with 403.
        await connection.send({"type": "websocket.close"})
        return
    try:
        who = await hub.current().query(authentication.identify, authentication.credentials(scope))
    except DatabaseError as error:
        outages.note(__name__, "nobody is let in without the database", error, in_a_line=True)
        await connection.send({"type": "websocket.accept"})
        await connection.close(frames.GOING_AWAY)
        return
    await connection.send({"type": "websocket.accept"})
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    # A page asks with its own person's session, not with that of another who has signed in since.
    if who is None or query.get("user", [str(who.user_id)])[0] != str(who.user_id):
        await connection.close(frames.UNAUTHENTICATED)
        return
    await connection.run(who, seq=whole_number(query.get("seq", [""])[0]))


class _ClientLeftError(Exception):
    """The client went while something was on its way to it. It comes back with its seq."""


class _Connection:
    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive, self._send = receive, send

    async def send(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (RuntimeError, OSError) as error:
            # Daphne's socket raises the former, other servers the latter, as ASGI has it.
            raise _ClientLeftError from error

    async def run(self, who: Identity, *, seq: int | None) -> None:
        """Serve until either side ends. The socket is registered before the snapshot is read, so nothing is missed."""
        here = hub.current()
        if len(here.sockets.get(who.user_id, ())) >= SOCKETS_PER_PERSON:
            await self.close(frames.TOO_MANY)
            return
        socket = hub.Socket(who, resume_from=seq)
        try:
            await here.add(socket)
            await self._until_one_ends(self.read(socket), self.write(socket), socket.ended.wait())
        finally:
            here.remove(socket)
        if socket.close_code is not None:
            await self.close(socket.close_code)

    async def _until_one_ends(self, *coroutines: Any) -> None:
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            error = None if task.cancelled() else task.exception()
            if error:
                if not isinstance(error, _ClientLeftError):
                    outages.note(__name__, "a socket failed", error)
                await self.close(frames.GOING_AWAY)

    async def read(self, socket: hub.Socket) -> None:
        """Frames from the client, at most RATE a second. Everything that changes something goes over HTTP."""
        allowance = TokenBucket(rate=RATE, burst=BURST, now=time.monotonic())
        while (message := await self.receive())["type"] != "websocket.disconnect":
            if allowance.take(now=time.monotonic()):
                socket.end(frames.TOO_MANY)
                return
            if _size(message) > MAX_FRAME:
                socket.end(frames.TOO_LARGE)
                return
            await self.answer(message.get("text"), socket=socket)

    async def answer(self, text: str | None, *, socket: hub.Socket) -> None:
        match _parsed(text):
            case {"type": "ping"}:
                await self.send_frame({"type": "pong"})
            case {"type": "resume", "seq": int(seq)} if not isinstance(seq, bool) and 0 <= seq < 2**63:
                # Only the writer sends what changes the client's seq, so that hellos and frames never overtake.
                socket.resume(seq)
            case {"type": "resume"}:
                await self.send_frame(frames.error(code="invalid_seq", detail="seq is a whole number from 0."))
            case {"type": "watch"} if await hub.current().query(authentication.may_watch, socket.who):
                socket.watch(now=time.monotonic())
            case {"type": "watch"}:
                await self.send_frame(
                    frames.error(code="permission_denied", detail="Watching needs the right to view events.")
                )
            case None:
                await self.send_frame(frames.error(code="invalid_json", detail="Send one JSON object as a text frame."))
            case _:
                detail = "Known types are resume, watch and ping; everything else goes over HTTP."
                await self.send_frame(frames.error(code="unknown_type", detail=detail))

    async def write(self, socket: hub.Socket) -> None:
        """Send what the hub offers, in its order; nothing at or below what the client has."""
        while True:
            await socket.filled.wait()
            socket.filled.clear()
            if socket.lost and not await self.greet(socket):
                socket.end(frames.GOING_AWAY)
                return
            if socket.take_news():
                await self.send_frame(frames.PULSE)
            while socket.waiting:
                seq, text = socket.take()
                if socket.seq is None or seq > socket.seq:
                    socket.seq = seq
                    await self.send_text(text)

    async def greet(self, socket: hub.Socket) -> bool:
        """Hello with what changed since the client's seq; one too far behind (or ahead) is told to fetch anew. False
        without the database."""
        try:
            greeting = await hub.current().greeting(socket)
        except DatabaseError as error:
            outages.note(__name__, "no greeting without the database", error, in_a_line=True)
            return False
        socket.seq = greeting[0]["seq"]
        for frame in greeting:
            await self.send_frame(frame)
        return True

    async def send_frame(self, frame: Frame) -> None:
        await self.send_text(json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.send({"type": "websocket.send", "text": text})
        families.FRAMES_SENT.inc()

    async def close(self, code: int) -> None:
        with contextlib.suppress(_ClientLeftError):
            await self.send_frame(frames.CLOSE_REASONS[code])
            await self.send({"type": "websocket.close", "code": code})


def _size(message: dict[str, Any]) -> int:
    """Size in bytes, as the client sent it."""
    text = message.get("text")
    return len(text.encode(errors="surrogatepass") if text else message.get("bytes") or b"")


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
