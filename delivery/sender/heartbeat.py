"""Heartbeat of a drain: what it holds stays its own for as long as it lives, however long an attempt takes."""

import asyncio
import functools
import time
from collections.abc import Callable, Sequence

from django.db import Error

from delivery.outbox import lease
from delivery.outbox.lease import Leased
from delivery.sender.database_thread import DatabaseThread
from events.db import clock
from events.transport import outages

BEAT = lease.BEAT.total_seconds()
# Seconds between two tries while the database doesn't take a beat.
AGAIN = 0.5


class Heartbeat:
    """Beats of a drain, from its event loop, so that one which hangs has none.

    Their thread is their own: the drain's may wait for a lock. `held`: what the drain holds, but for the newest; beats
    for nothing are no query.
    """

    def __init__(self, held: Callable[[], Sequence[Leased]]) -> None:
        self._held = held
        self._database = DatabaseThread("beat")
        self._beaten_at = time.monotonic()

    @property
    def is_needed(self) -> bool:
        return bool(self._held())

    @property
    def is_stale(self) -> bool:
        """True if what the drain holds may soon be another's: it begins nothing more before the next beat."""
        return time.monotonic() - self._beaten_at > 2 * BEAT and self.is_needed

    async def run(self) -> None:
        while True:
            began, held = time.monotonic(), self._held()
            try:
                if held:
                    await self._database.run(functools.partial(_extend, held))
            except Error as error:
                outages.note(__name__, "beats wait for the database", error, in_a_line=True)
                await asyncio.sleep(AGAIN)
                continue
            self._beaten_at = began
            for one in held:
                one.outgoing.begins_until = began + 2 * BEAT
            await asyncio.sleep(BEAT)

    def close(self) -> None:
        self._database.close()


def _extend(held: Sequence[Leased]) -> None:
    lease.extend(held, now=clock.now())
