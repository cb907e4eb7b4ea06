"""One channel's ladder once more, slow and obvious: when each of a person's events goes out, and how.

In a minute first what time brings, then do not disturb begins, then events arrive, then the person does something.
"""

from __future__ import annotations

from dataclasses import dataclass

WAIT = 15


@dataclass(frozen=True)
class Evening:
    """Course of one evening of a person; times in minutes. `dealt`: (event, what, when)."""

    arrivals: list[int]
    dnd: tuple[int, int]
    dealt: list[tuple[int, str, int]]


def expected(evening: Evening) -> dict[int, tuple[str, int]]:
    """Event -> alone or in a summary, and when; left out: it need not go."""
    begin, end = evening.dnd
    told = {}
    for event, at in enumerate(evening.arrivals):
        due = at + WAIT
        if begin <= at < end or (begin < due < end and not is_settled(evening, event, due)):
            if not is_read(evening, event, end):
                told[event] = ("summary", end)
        elif not is_settled(evening, event, due):
            told[event] = ("alone", due)
    return told


def is_read(evening: Evening, event: int, before: int) -> bool:
    return any(one == event and what == "read" and when < before for one, what, when in evening.dealt)


def is_settled(evening: Evening, event: int, before: int) -> bool:
    snoozed = any(one == event and what == "snooze" and when < before for one, what, when in evening.dealt)
    # What is in sight is so with all that came before it.
    seen = any(one >= event and what == "see" and when < before for one, what, when in evening.dealt)
    return snoozed or seen or is_read(evening, event, before)
