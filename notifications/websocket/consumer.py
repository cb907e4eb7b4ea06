"""/ws/notifications/: a raw ASGI application. Channels' consumers hop through one thread for every message."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from events.entities import whole_number
from notifications.inbox import frames
from notifications.inbox.frames import Frame
from notifications.websocket import authentication, hub, snapshot

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/ws/notifications/"
MAX_FRAME = 16 * 1024
RATE, BURST = 10.0, 20.0
SOCKETS_PER_PERSON = 20
RECHECK = 60.0


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve one connection, from handshake to close. This is the ASGI application for a site's WebSockets."""
    await receive()
    if scope["path"] != PATH or not authentication.is_origin_allowed(scope):
        # Closing before accepting answers the handshake with 403.
        await send({"type": "websocket.close"})
        return
    who = authentication.credentials(scope)
    user_id = await authentication.user_id(who)
    await send({"type": "websocket.accept"})
    connection = _Connection(receive, send, who=who)
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    # A page asks with its own person's session, not with that of another who has signed in since.
    if user_id is None or query.get("user", [str(user_id)])[0] != str(user_id):
        await connection.close(frames.UNAUTHENTICATED)
        return
    await connection.run(user_id, seq=whole_number(query.get("seq", [""])[0]))


class _Connection:
    def __init__(self, receive: Receive, send: Send, *, who: authentication.Credentials) -> None:
        self.receive, self.send, self.who = receive, send, who
        self.resume_from: int | None = None

    async def run(self, user_id: int, *, seq: int | None) -> None:
        """Serve until either side ends. The socket is registered before the snapshot is read, so nothing is missed."""
        here = hub.current()
        if len(here.sockets.get(user_id, ())) >= SOCKETS_PER_PERSON:
            await self.close(frames.TOO_MANY)
            return
        socket = hub.Socket(user_id, self.who.digest)
        try:
            await here.add(socket)
            await self.greet(user_id, seq=seq, socket=socket)
            await self._until_one_ends(self.read(socket), self.write(socket), self.recheck(socket))
        except DatabaseError as error:
            logger.warning("no greeting without the database: %s", error)
            await self.close(frames.GOING_AWAY)
        finally:
            here.remove(socket)

    async def _until_one_ends(self, *coroutines: Any) -> None:
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                logger.error("a socket failed", exc_info=error)
                await self.close(frames.GOING_AWAY)

    async def greet(self, user_id: int, *, seq: int | None, socket: hub.Socket) -> None:
        """Hello with what changed since `seq`; a client too far behind (or ahead) is told to fetch anew."""
        socket.lost = False
        greeting = await database_sync_to_async(snapshot.since, thread_sensitive=False)(
            user_id, seq=seq, now=timezone.now()
        )
        socket.seq = greeting[0]["seq"]
        for frame in greeting:
            await self.send_frame(frame)

    async def read(self, socket: hub.Socket) -> None:
        """Frames from the client, at most RATE a second. Everything that changes something goes over HTTP."""
        tokens, at = BURST, time.monotonic()
        while (message := await self.receive())["type"] != "websocket.disconnect":
            now = time.monotonic()
            tokens, at = min(BURST, tokens + (now - at) * RATE) - 1, now
            if tokens < 0:
                socket.end(frames.TOO_MANY)
                await asyncio.sleep(RECHECK)
            text = message.get("text")
            if _size(message) > MAX_FRAME:
                socket.end(frames.TOO_LARGE)
                await asyncio.sleep(RECHECK)
            await self.answer(text, socket=socket)

    async def answer(self, text: str | None, *, socket: hub.Socket) -> None:
        match _parsed(text):
            case {"type": "ping"}:
                await self.send_frame({"type": "pong"})
            case {"type": "resume", "seq": int(seq)} if not isinstance(seq, bool) and 0 <= seq < 2**63:
                # Only the writer sends what changes the client's seq, so that hellos and frames never overtake.
                self.resume_from = seq
                socket.mark_lost()
            case {"type": "resume"}:
                await self.send_frame(frames.error(code="invalid_seq", detail="seq is a whole number from 0."))
            case None:
                await self.send_frame(frames.error(code="invalid_json", detail="Send one JSON object as a text frame."))
            case _:
                detail = "Known types are resume and ping; everything else goes over HTTP."
                await self.send_frame(frames.error(code="unknown_type", detail=detail))

    async def write(self, socket: hub.Socket) -> None:
        """Send what the hub offers, in its order; nothing at or below what the client has."""
        while True:
            await socket.filled.wait()
            socket.filled.clear()
            if socket.close_code is not None:
                await self.close(socket.close_code)
                return
            if socket.lost:
                known, self.resume_from = socket.seq if self.resume_from is None else self.resume_from, None
                await self.greet(socket.user_id, seq=known, socket=socket)
            while socket.waiting:
                seq, text = socket.waiting.popleft()
                if seq > socket.seq:
                    socket.seq = seq
                    await self.send({"type": "websocket.send", "text": text})

    async def recheck(self, socket: hub.Socket) -> None:
        """End the socket of a session that ended elsewhere, a changed password, an account that was switched off."""
        while True:
            await asyncio.sleep(RECHECK)
            if await authentication.user_id(self.who) != socket.user_id:
                socket.end(frames.UNAUTHENTICATED)

    async def send_frame(self, frame: Frame) -> None:
        await self.send({"type": "websocket.send", "text": json.dumps(frame)})

    async def close(self, code: int) -> None:
        with contextlib.suppress(RuntimeError):  # the client went first
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
