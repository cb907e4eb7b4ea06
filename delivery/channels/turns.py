"""Turns of attempts at what a process has few of: so many at once, and of these so many to one domain or service.

An attempt that takes long is left to wait beside the few, so who answers slowly costs the others nothing.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from delivery.channels.base import Outgoing

# Seconds after which an attempt is one beside the few, and after which those behind it go back to the outbox.
SLOW_AFTER, STALLED_AFTER = 2.0, 5.0
# Seconds that an attempt may wait for its turn, and between two looks whether it has come.
LONGEST_WAIT, LOOK_AGAIN = 60.0, 0.2


@dataclass(eq=False, slots=True)
class Turn:
    """Turn of one attempt. `group`: those of which only some go at once. `began`: of the monotonic clock, 0 before."""

    group: str
    began: float = 0.0


class Turns:
    """Turns of a process, whose drains share them: `at_once` that are quick, `in_all`, and `of_group` of each group."""

    def __init__(self, *, at_once: int, in_all: int, of_group: int) -> None:
        self._at_once, self._in_all, self._of_group = at_once, in_all, of_group
        self._taken, self._lock = set[Turn](), threading.Lock()

    def take(self, turn: Turn) -> bool:
        """Begin this turn now, if there is room; False: it has to wait."""
        now = time.monotonic()
        with self._lock:
            quick = sum(now - one.began < SLOW_AFTER for one in self._taken)
            same = sum(one.group == turn.group for one in self._taken)
            if quick >= self._at_once or len(self._taken) >= self._in_all or same >= self._of_group:
                return False
            turn.began = now
            self._taken.add(turn)
        return True

    def end(self, turn: Turn) -> None:
        """End a turn; nothing happens if it had not begun."""
        with self._lock:
            self._taken.discard(turn)

    def is_stalled(self, group: str) -> bool:
        """Tell whether all that one of this group waits for has been going on for long."""
        late = time.monotonic() - STALLED_AFTER
        with self._lock:
            same = [one.began < late for one in self._taken if one.group == group]
            return all(same) if len(same) >= self._of_group else len(self._taken) >= self._in_all


class Queue:
    """Attempts of one drain that wait for their turns. `entered`: how many wait, or are at it."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waiting: dict[Turn, asyncio.Future[None]] = {}
        self.entered = 0

    @asynccontextmanager
    async def turn(self, group: str, outgoing: Outgoing) -> AsyncIterator[bool]:
        """Wait for a turn and take it. False: what is before it takes so long that another time is better, or this
        worker could say for so long no more that it lives."""
        turn = Turn(group)
        self.entered += 1
        try:
            yield await self._has_come(turn) and not outgoing.is_stale
        finally:
            self.entered -= 1
            self._turns.end(turn)
            self._begin()

    async def _has_come(self, turn: Turn) -> bool:
        begun = self._waiting[turn] = asyncio.get_running_loop().create_future()
        until = time.monotonic() + LONGEST_WAIT
        try:
            self._begin()
            while not begun.done():
                if self._turns.is_stalled(turn.group) or time.monotonic() > until:
                    return False
                # Turns of other drains end without a word.
                if not (await asyncio.wait({begun}, timeout=LOOK_AGAIN))[0]:
                    self._begin()
            return True
        finally:
            self._waiting.pop(turn, None)

    def _begin(self) -> None:
        full: set[str] = set()
        for turn in list(self._waiting):
            if turn.group not in full and self._turns.take(turn):
                self._waiting.pop(turn).set_result(None)
            else:
                full.add(turn.group)
