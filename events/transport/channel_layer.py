"""The Channels layer, from any thread: one loop thread per process owns it, and everybody hands frames to that.

`async_to_sync(layer.group_send)` would make a loop and a connection for every call. What the layer carries may be
lost: the database is the truth.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
import uuid
from collections import deque
from typing import Any

from channels.layers import BaseChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]

WAITING = 10_000
SEND_TIMEOUT = 2.0
PAUSE_AFTER_FAILURE = 1.0


class InProcessLayer(BaseChannelLayer):  # type: ignore[misc]  # channels has no types
    """A channel layer within one process whose receivers wake at once, whichever thread sends.

    Each channel belongs to the loop that made it; messages reach it by `call_soon_threadsafe`. At most once: a full
    channel drops its new messages, with a warning.
    """

    extensions = ["groups", "flush"]

    def __init__(self, capacity: int = 1000, **_ignored: Any) -> None:
        super().__init__(capacity=capacity)
        self._lock = threading.Lock()
        self._channels: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Queue[Message]]] = {}
        self._groups: dict[str, set[str]] = {}

    async def new_channel(self, prefix: str = "in-process.") -> str:
        name = f"{prefix}!{uuid.uuid4().hex}"
        self._queue(name)
        return name

    async def send(self, channel: str, message: Message) -> None:
        self._put(channel, message)

    async def receive(self, channel: str) -> Message:
        """Wait for the channel's next message."""
        return await self._queue(channel).get()

    async def group_add(self, group: str, channel: str) -> None:
        with self._lock:
            self._groups.setdefault(group, set()).add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        with self._lock:
            members = self._groups.get(group, set())
            members.discard(channel)
            if not members:
                self._groups.pop(group, None)
            if not any(channel in others for others in self._groups.values()):
                self._channels.pop(channel, None)

    async def group_send(self, group: str, message: Message) -> None:
        with self._lock:
            members = list(self._groups.get(group, ()))
        for channel in members:
            self._put(channel, message)

    async def flush(self) -> None:
        with self._lock:
            self._channels.clear()
            self._groups.clear()

    def _queue(self, channel: str) -> asyncio.Queue[Message]:
        loop = asyncio.get_running_loop()
        with self._lock:
            if channel not in self._channels:
                self._channels[channel] = (loop, asyncio.Queue(self.capacity))
            return self._channels[channel][1]

    def _put(self, channel: str, message: Message) -> None:
        with self._lock:
            loop, queue = self._channels.get(channel, (None, None))
        if loop is None or queue is None:
            return
        try:
            loop.call_soon_threadsafe(_put_nowait, queue, channel, dict(message))
        except RuntimeError:
            # Its loop has ended without leaving the groups: nobody will ever read there again.
            self._forget(channel)

    def _forget(self, channel: str) -> None:
        with self._lock:
            self._channels.pop(channel, None)
            for members in self._groups.values():
                members.discard(channel)


def _put_nowait(queue: asyncio.Queue[Message], channel: str, message: Message) -> None:
    try:
        queue.put_nowait(message)
    except asyncio.QueueFull:
        logger.warning("channel %s is full, a message is dropped", channel)


class _Sender:
    """This process's loop thread. Bounded: beyond WAITING messages the oldest are dropped."""

    def __init__(self) -> None:
        self.changing = threading.Lock()
        self.waiting: deque[tuple[str, Message]] = deque(maxlen=WAITING)
        self.loop = asyncio.new_event_loop()
        self.wake = asyncio.Event()
        self.idle = threading.Event()
        self.idle.set()
        self.broken_until = 0.0
        threading.Thread(target=self._run, name="carillon-layer", daemon=True).start()

    def put(self, group: str, message: Message) -> None:
        with self.changing:
            self.idle.clear()
            self.waiting.append((group, message))
        self.loop.call_soon_threadsafe(self.wake.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._send_all())

    async def _send_all(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while one := self._next():
                if time.monotonic() >= self.broken_until:
                    await self._send(*one)

    def _next(self) -> tuple[str, Message] | None:
        with self.changing:
            if self.waiting:
                return self.waiting.popleft()
            self.idle.set()
            return None

    async def _send(self, group: str, message: Message) -> None:
        try:
            await asyncio.wait_for(get_channel_layer().group_send(group, message), SEND_TIMEOUT)
        except Exception as error:  # noqa: BLE001  each layer raises its own kinds; clients resume from the database
            self.broken_until = time.monotonic() + PAUSE_AFTER_FAILURE
            logger.warning("the channel layer pauses for %.0f s, clients will resume: %r", PAUSE_AFTER_FAILURE, error)


_sender: _Sender | None = None
_starting = threading.Lock()


def hand(group: str, message: Message) -> None:
    """Send to a group, soon, from any thread. Never blocks, never raises."""
    global _sender  # noqa: PLW0603  one per process
    with _starting:
        if _sender is None:
            _sender = _Sender()
        sender = _sender
    sender.put(group, message)


def flush(*, timeout: float = 2.0) -> bool:
    """Wait until all that was handed over has been sent."""
    return _sender is None or _sender.idle.wait(timeout)


def _forget_parent() -> None:
    """A forked child has none of its parent's threads, and may have been born while one of them held the lock."""
    global _sender, _starting
    _sender, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_parent)
# A short command ends right after its commit: let its frames out first.
atexit.register(flush, timeout=1.0)
