"""Registry of faults: each is made, lasts a while, and is undone before its function returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.stack import Stack

Make = Callable[[Stack, float], None]


@dataclass(frozen=True)
class Fault:
    """`make(stack, seconds)` returns when it is over. `patience`: seconds until all has to be told and delivered.

    `may_double`: an answer may be lost on the way, which is the only excuse for what comes twice. `is_short`: of the
    short form too. `needs_small_disk`: left out where none can be mounted.
    """

    name: str
    make: Make
    patience: float = 120.0
    may_double: bool = False
    is_short: bool = False
    needs_small_disk: bool = False


ALL: dict[str, Fault] = {}


def fault(
    name: str,
    *,
    patience: float = 120.0,
    may_double: bool = False,
    is_short: bool = False,
    needs_small_disk: bool = False,
) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        ALL[name] = Fault(name, make, patience, may_double, is_short, needs_small_disk)
        return make

    return register
