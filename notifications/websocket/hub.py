"""One hub per web process: one subscription on the layer, the local sockets by person, no query per message."""

import asyncio
import json
import logging
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error

from notifications.inbox import frames, push
from notifications.models import Inbox

logger = logging.getLogger(__name__)

QUEUE = 256
RETRY = 1.0
# Seconds between checks for what the bus lost. Two checks see it, so it is found after two to four seconds.
CHECK_INTERVAL = 2.0


@dataclass(eq=False, slots=True)
class Socket:
    """Queue of one connection. Only touched from the hub's loop. `seq`: what the client has.

    Bounded: a socket that is QUEUE frames behind loses them all and gets one resync marker instead.
    """

    user_id: int
    session: str | None
    seq: int = 0
    waiting: deque[tuple[int, str]] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    close_code: int | None = None

    def offer(self, seq: int, text: str) -> None:
        if len(self.waiting) >= QUEUE:
            self.mark_lost()
        elif not self.lost:
            self.waiting.append((seq, text))
            self.filled.set()

    def mark_lost(self) -> None:
        """Drop the queue: the connection catches up from the database."""
        self.waiting.clear()
        self.lost = True
        self.filled.set()

    def end(self, code: int) -> None:
        self.close_code = code
        self.filled.set()


class Hub:
    """Distribution of frames to this process's sockets; lives on the web server's loop."""

    def __init__(self) -> None:
        self.sockets: dict[int, set[Socket]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    async def add(self, socket: Socket) -> None:
        """Register a socket: from here on it misses nothing. Read the snapshot after it."""
        self.sockets[socket.user_id].add(socket)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._find_lost())]
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
        return sum(len(sockets) for sockets in list(self.sockets.values()))

    async def _listen(self) -> None:
        channels = get_channel_layer()
        while True:
            channel = ""
            try:
                channel = await channels.new_channel("hub.")
                await channels.group_add(push.GROUP, channel)
                self._ready.set()
                while True:
                    self._dispatch(await channels.receive(channel))
            except Exception as error:  # noqa: BLE001  each layer raises its own kinds; the hub must outlive them all
                logger.warning("the hub lost the channel layer and tries again: %r", error)
                await _leave(channels, channel)
                await asyncio.sleep(RETRY)

    async def _find_lost(self) -> None:
        """Find whom the bus failed: frames dropped while it was away, or never sent by a worker that was killed.

        One query for all. Who knows less than the check before this one has missed something, unless it still waits
        here; what committed since may just be on its way.
        """
        before: dict[int, int] = {}
        while True:
            await asyncio.sleep(CHECK_INTERVAL)
            if not self.sockets:
                continue
            try:
                seqs = await database_sync_to_async(_seqs, thread_sensitive=False)(list(self.sockets))
            except Error as error:
                logger.warning("the hub could not check for lost frames: %s", error)
                continue
            for user_id in seqs.keys() & before.keys():
                for socket in self.sockets.get(user_id, ()):
                    if not socket.waiting and socket.seq < before[user_id]:
                        socket.mark_lost()
            before = seqs

    def _dispatch(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "hub.frames":
            self._deliver(json.loads(message["body"]))
        elif kind == "hub.end_session":
            self._end_session(message["session"])

    def _deliver(self, body: dict[str, Any]) -> None:
        for user_id, personal, key in body["frames"]:
            sockets = self.sockets.get(user_id)
            if not sockets:
                continue
            frame = personal if key is None else frames.notification(**body["shared"][str(key)], **personal)
            text = json.dumps(frame)
            for socket in sockets:
                socket.offer(frame["seq"], text)

    def _end_session(self, session: str) -> None:
        for sockets in list(self.sockets.values()):
            for socket in sockets:
                if socket.session == session:
                    socket.end(frames.UNAUTHENTICATED)


async def _leave(channels: Any, channel: str) -> None:
    """Leave a channel that nobody reads any more, or it would go on collecting the group's messages."""
    try:
        await channels.group_discard(push.GROUP, channel)
    except Exception as error:  # noqa: BLE001  as in listening
        logger.info("the hub could not leave its old channel: %r", error)


def _seqs(users: list[int]) -> dict[int, int]:
    return dict(Inbox.objects.filter(user_id__in_set=users).values_list("user_id", "seq"))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def open_sockets() -> int:
    """Count the sockets of this process, from any thread."""
    return sum(hub.count() for hub in list(_hubs.values()))
