"""The Channels layer, from any thread: one loop thread per process owns it, and everybody hands frames to that.

`async_to_sync(layer.group_send)` would make a loop and a connection for every call. What the layer carries may be
lost: the database is the truth.
"""

import asyncio
import atexit
import threading
from collections import deque
from typing import Any

from channels.layers import get_channel_layer

from events.transport.per_process import PerProcess
from events.transport.redis_client import CircuitBreaker

Message = dict[str, Any]

MOST_WAITING = 10_000
SEND_TIMEOUT = 2.0
PAUSE_AFTER_FAILURE = 1.0


class _Sender:
    """The loop thread. Bounded: beyond MOST_WAITING messages the oldest are dropped."""

    def __init__(self) -> None:
        self.changing = threading.Lock()
        self.waiting: deque[tuple[str, Message]] = deque(maxlen=MOST_WAITING)
        self.loop = asyncio.new_event_loop()
        self.wake = asyncio.Event()
        self.idle = threading.Event()
        self.idle.set()
        # Clients resume from the database.
        self.breaker = CircuitBreaker("the channel layer pauses", seconds=PAUSE_AFTER_FAILURE)
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
            while waiting := self._next():
                if not self.breaker.is_open:
                    await self._send(*waiting)

    def _next(self) -> tuple[str, Message] | None:
        with self.changing:
            if self.waiting:
                return self.waiting.popleft()
            self.idle.set()
            return None

    async def _send(self, group: str, message: Message) -> None:
        try:
            await asyncio.wait_for(get_channel_layer().group_send(group, message), SEND_TIMEOUT)
        except Exception as error:  # noqa: BLE001  each layer raises its own kinds
            self.breaker.open(error)


_sender = PerProcess(_Sender)
reset = _sender.reset


def send(group: str, message: Message) -> None:
    """Send to a group, soon, from any thread. Never blocks, never raises."""
    _sender.get().put(group, message)


def flush(*, timeout: float = 2.0) -> bool:
    """Wait until all messages handed over so far have been sent."""
    sender = _sender.existing()
    return sender is None or sender.idle.wait(timeout)


# A short command ends right after its commit: let its frames out first.
atexit.register(flush, timeout=1.0)
