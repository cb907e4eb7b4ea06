"""Turns at something of which there is little: so many at once, and no caller takes them all."""

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator


class NoTurnError(Exception):
    """Refusal of a turn: so many wait already that one more would wait for too long."""


class Turns:
    """Turns of which `most` are taken at once, and `each` of them by one caller; the others wait.

    A caller's waiters come in the order they asked, and callers with waiters take it in rotation, so whoever has fewer
    than `each` waits for one turn of each other caller at most. All belongs to one event loop. A turn's cost doesn't
    grow with the number of waiters.
    """

    def __init__(self, *, most: int, each: int, most_waiting: int, each_waiting: int) -> None:
        self._free, self._each = most, each
        self._room, self._each_waiting = most_waiting, each_waiting
        self._taken: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        # Those of the waiting who may have one more turn; empty while a turn is free.
        self._next: OrderedDict[str, None] = OrderedDict()

    @contextlib.asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it. NoTurnError where the caller, or all together, have too many waiting."""
        if self._free and self._taken[caller] < self._each:
            self._take(caller)
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._give_back(caller)

    @property
    def is_idle(self) -> bool:
        """True if nobody holds a turn or waits, and nothing is left of those who did."""
        return not (self._taken.total() or self._waiting or self._next)

    def _take(self, caller: str) -> None:
        self._free -= 1
        self._taken[caller] += 1

    def _give_back(self, caller: str) -> None:
        self._free += 1
        self._taken[caller] -= 1
        if not self._taken[caller]:
            del self._taken[caller]
        self._line_up(caller)
        while self._free and self._next:
            self._call_next()

    def _line_up(self, caller: str) -> None:
        if caller in self._waiting and self._taken[caller] < self._each:
            self._next.setdefault(caller)

    def _call_next(self) -> None:
        caller, _ = self._next.popitem(last=False)
        first = self._waiting[caller].popleft()
        self._leave(caller)
        if not first.cancelled():
            self._take(caller)
            first.set_result(None)
        self._line_up(caller)

    def _leave(self, caller: str) -> None:
        """One waiter fewer; the last one takes the caller's line away."""
        self._room += 1
        if not self._waiting[caller]:
            del self._waiting[caller]
            self._next.pop(caller, None)

    async def _wait(self, caller: str) -> None:
        line = self._waiting.get(caller, deque())
        if not self._room or len(line) >= self._each_waiting:
            raise NoTurnError
        self._waiting[caller] = line
        self._room -= 1
        mine = asyncio.get_running_loop().create_future()
        line.append(mine)
        self._line_up(caller)
        try:
            await mine
        except asyncio.CancelledError:
            if mine in line:
                line.remove(mine)
                self._leave(caller)
            elif not mine.cancelled():
                # Called and cancelled at the same moment.
                self._give_back(caller)
            raise
