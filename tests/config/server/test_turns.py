"""Turns are shared out fairly: none too many, none to a caller who has enough, and everybody's comes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.server.turns import NoTurnError, Turns

MOST, EACH = 5, 2
CALLERS = "abcd"


class Crowd:
    """Callers that hold their turns until told to go."""

    def __init__(self, *, most_waiting: int = 100, each_waiting: int = 100) -> None:
        self.turns = Turns(most=MOST, each=EACH, most_waiting=most_waiting, each_waiting=each_waiting)
        self.came: list[str] = []
        self.waiting: dict[str, asyncio.Task[None]] = {}
        self.inside: dict[str, asyncio.Event] = {}
        self.served: list[str] = []

    async def come(self, caller: str) -> str:
        """One more of this caller, by the name it gets."""
        name = f"{caller}{len(self.came)}"
        self.came.append(name)
        self.waiting[name] = asyncio.create_task(self._visit(name))
        await settled()
        return name

    async def _visit(self, name: str) -> None:
        async with self.turns.turn(name[0]):
            self.waiting.pop(name)
            self.inside[name] = asyncio.Event()
            self.served.append(name)
            await self.inside[name].wait()
            del self.inside[name]

    async def go(self, name: str) -> None:
        self.inside[name].set()
        await settled()

    def held(self) -> Counter[str]:
        return Counter(name[0] for name in self.inside)

    async def empty(self) -> None:
        while self.inside:
            await self.go(next(iter(self.inside)))


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


STEPS = st.lists(
    st.tuples(st.sampled_from(["come"] * 4 + ["go", "give up", "go as one gives up"]), st.integers(0, 1_000)),
    min_size=10,
    max_size=60,
)


@given(STEPS)
def test_however_they_come_and_go_turns_are_fair_and_nothing_is_left_behind(steps):
    async def scene() -> None:
        crowd = Crowd()
        gone: set[str] = set()
        for step, number in steps:
            if step in ("go", "go as one gives up") and crowd.inside:
                crowd.inside[list(crowd.inside)[number % len(crowd.inside)]].set()
            if step in ("give up", "go as one gives up") and crowd.waiting:
                name = list(crowd.waiting)[number % len(crowd.waiting)]
                gone.add(name)
                crowd.waiting.pop(name).cancel()
            if step == "come":
                await crowd.come(CALLERS[number % len(CALLERS)])
            await settled()
            assert_fair(crowd, gone)
        await crowd.empty()
        assert_fair(crowd, gone)
        assert set(crowd.served) == set(crowd.came) - gone
        assert crowd.turns.is_idle

    run(scene)


def assert_fair(crowd: Crowd, gone: set[str]) -> None:
    held = crowd.held()
    assert held.total() <= MOST
    assert max(held.values(), default=0) <= EACH
    # Whoever could have a turn has it.
    assert held.total() == MOST or all(held[name[0]] == EACH for name in crowd.waiting)
    for caller in CALLERS:
        in_order = [name for name in crowd.came if name[0] == caller and name not in gone]
        served = [name for name in crowd.served if name[0] == caller]
        assert served == in_order[: len(served)]


def test_a_long_line_of_one_caller_keeps_nobody_else_waiting():
    async def scene() -> None:
        crowd = Crowd()
        for _ in range(20):
            await crowd.come("a")
        name = await crowd.come("b")
        assert crowd.served == ["a0", "a1", name]

    run(scene)


def test_callers_take_it_in_rotation():
    async def scene() -> None:
        crowd = Crowd()
        for caller in "aabbc" + "aaabbbc" + "d":
            await crowd.come(caller)
        await crowd.go("c4")
        await crowd.go("a0")
        assert [name[0] for name in crowd.served[MOST:]] == ["c", "d"]

    run(scene)


@pytest.mark.parametrize(("limit", "callers"), [({"each_waiting": 2}, "aaaa"), ({"most_waiting": 3}, "aaaabbcc")])
def test_who_would_wait_too_long_is_told_so_at_once(limit, callers):
    async def scene() -> None:
        crowd = Crowd(**limit)
        for caller in callers:
            await crowd.come(caller)
        waiting = list(crowd.waiting)
        with pytest.raises(NoTurnError):
            async with crowd.turns.turn(callers[-1]):
                raise AssertionError("there was no room")
        await crowd.empty()
        assert set(waiting) <= set(crowd.served)
        assert crowd.turns.is_idle

    run(scene)


def test_a_turn_that_came_as_its_waiter_left_goes_to_the_next():
    async def scene() -> None:
        crowd = Crowd()
        for _ in range(4):
            await crowd.come("a")
        crowd.inside["a0"].set()
        # Its turn is given back in this round of the loop, and the first waiter leaves before it hears of that.
        await asyncio.sleep(0)
        crowd.waiting.pop("a2").cancel()
        await settled()
        assert crowd.served == ["a0", "a1", "a3"]

    run(scene)
