"""Checks of a running installation: what one finds, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`warn`: Carillon works, and something will be wrong or is only partly seen. `wrong`: something doesn't work."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of a check. `said`: a sentence; `do`: what to do about it, empty where all is well."""

    level: Level
    said: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One look. `asks_database`: it runs in a transaction whose statements end after the deadline; others run in a
    thread that is left behind."""

    name: str
    look: Callable[[], Finding]
    asks_database: bool = True


def ok(said: str) -> Finding:
    return Finding(Level.OK, said)


def warn(said: str, *, do: str) -> Finding:
    return Finding(Level.WARN, said, do)


def wrong(said: str, *, do: str) -> Finding:
    return Finding(Level.WRONG, said, do)


def named(names: list[str], *, most: int = 5) -> str:
    """Names as they stand in a sentence: the first few, and how many more."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
