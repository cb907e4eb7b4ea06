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
from collections import deque
from typing import Any

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)


Message = dict[str, Any]

WAITING = 10_000
SEND_TIMEOUT = 2.0
PAUSE_AFTER_FAILURE = 1.0


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
