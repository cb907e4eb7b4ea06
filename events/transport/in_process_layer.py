"""A Channels layer within one process."""

import asyncio
import threading
import uuid
from typing import Any

from channels.layers import BaseChannelLayer

from events.transport import outages

Message = dict[str, Any]


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
            loop.call_soon_threadsafe(_put_nowait, queue, dict(message))
        except RuntimeError:
            # Its loop has ended without leaving the groups: nobody will ever read there again.
            self._forget(channel)

    def _forget(self, channel: str) -> None:
        with self._lock:
            self._channels.pop(channel, None)
            for members in self._groups.values():
                members.discard(channel)


def _put_nowait(queue: asyncio.Queue[Message], message: Message) -> None:
    try:
        queue.put_nowait(message)
    except asyncio.QueueFull as full:
        outages.note(__name__, "a channel is full, a message is dropped", full, in_a_line=True)
