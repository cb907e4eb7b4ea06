"""One hub per web process: one subscription on the layer, the local sockets by person, no query per message."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from events import layer
from notifications import frames, hub_link
from notifications.models import Inbox

logger = logging.getLogger(__name__)

QUEUE = 256
BEAT = 1.0
MISSED = 2.5 * BEAT
RETRY = 1.0


@dataclass(eq=False, slots=True)
class Socket:
    """What waits to be sent over one connection. Only touched from the hub's loop. `seq`: what the client has.

    Bounded: a socket that is QUEUE frames behind loses them all and gets one resync marker instead.
    """

    user_id: int
    session: str | None
    seq: int = 0
    waiting: deque[str] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    close_code: int | None = None

    def offer(self, text: str) -> None:
        if len(self.waiting) >= QUEUE:
            self.mark_lost()
        elif not self.lost:
            self.waiting.append(text)
            self.filled.set()

    def mark_lost(self) -> None:
        """Frames are missing: the connection catches up from the database."""
        self.waiting.clear()
        self.lost = True
        self.filled.set()

    def end(self, code: int) -> None:
        self.close_code = code
        self.filled.set()


class Hub:
    """Lives on the web server's loop; starts with the first socket."""

    def __init__(self) -> None:
        self.sockets: dict[int, set[Socket]] = defaultdict(set)
        self.name = uuid.uuid4().hex
        self.heard_at = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        self._reconciling: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def add(self, socket: Socket) -> None:
        """From here on the socket misses nothing. Read the snapshot after it."""
        self.sockets[socket.user_id].add(socket)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beat())]
        # A layer that is down keeps nobody from their inbox: they catch up when it is back.
        try:
            await asyncio.wait_for(self._ready.wait(), RETRY)
        except TimeoutError:
            logger.warning("the hub has no channel layer yet; sockets catch up when it has")

    def remove(self, socket: Socket) -> None:
        people = self.sockets.get(socket.user_id, set())
        people.discard(socket)
        if not people:
            self.sockets.pop(socket.user_id, None)

    def count(self) -> int:
        return sum(len(sockets) for sockets in self.sockets.values())

    def close_all(self, code: int) -> None:
        for sockets in list(self.sockets.values()):
            for socket in list(sockets):
                socket.end(code)

    async def _listen(self) -> None:
        started = time.monotonic()
        while True:
            try:
                channels = get_channel_layer()
                channel = await channels.new_channel("hub.")
                await channels.group_add(hub_link.GROUP, channel)
                if self._ready.is_set() or time.monotonic() - started > RETRY:
                    self._after_gap()
                self._ready.set()
                while True:
                    self._dispatch(await channels.receive(channel))
            except Exception as error:  # noqa: BLE001  each layer raises its own kinds; the hub must outlive them all
                logger.warning("the hub lost the channel layer and tries again: %s", error)
                await asyncio.sleep(RETRY)

    async def _beat(self) -> None:
        """Say something on the bus now and then: what doesn't come back was lost, and so may have been frames."""
        while True:
            await asyncio.sleep(BEAT)
            layer.hand(hub_link.GROUP, {"type": "hub.beat", "hub": self.name})

    def _dispatch(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self.heard_at > MISSED:
            self._after_gap()
        kind = message["type"]
        if kind == "hub.beat":
            if message["hub"] == self.name:
                self.heard_at = now
        elif kind == "hub.frames":
            self._deliver(json.loads(message["body"]))
        elif kind == "hub.end_session":
            self._end_session(message["session"])

    def _deliver(self, body: dict[str, Any]) -> None:
        for user_id, frame, key in body["frames"]:
            sockets = self.sockets.get(user_id)
            if not sockets:
                continue
            if key is not None:
                frame = frames.notification(**frame, shared=body["shared"][str(key)])  # noqa: PLW2901
            text = json.dumps(frame)
            for socket in sockets:
                socket.offer(text)

    def _end_session(self, session: str) -> None:
        for sockets in list(self.sockets.values()):
            for socket in sockets:
                if socket.session == session:
                    socket.end(frames.UNAUTHENTICATED)

    def _after_gap(self) -> None:
        self.heard_at = time.monotonic()
        if self._reconciling is None or self._reconciling.done():
            self._reconciling = asyncio.create_task(self._reconcile())

    async def _reconcile(self) -> None:
        """Frames may have been lost: one query finds the people who have seen less than their inbox holds."""
        seqs = await database_sync_to_async(_seqs, thread_sensitive=False)(list(self.sockets))
        for user_id, seq in seqs.items():
            for socket in self.sockets.get(user_id, ()):
                if socket.seq < seq:
                    socket.mark_lost()


def _seqs(users: list[int]) -> dict[int, int]:
    return dict(Inbox.objects.filter(user_id__in_set=users).values_list("user_id", "seq"))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def all_hubs() -> list[Hub]:
    """For whoever counts sockets from another thread."""
    return list(_hubs.values())
