"""Reference for the times at which held rows may be given back: slow and obvious, asked minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from notifications.holds.calendar import DigestSchedule
from tests.notifications.strategies import MINUTE, is_due


@dataclass
class Chosen:
    """A person's settings. Digest hours are meant in the schedule's zone, as quiet hours are."""

    schedule: DigestSchedule
    digest: bool = False
    dnd: bool = False
    dnd_until: datetime | None = None
    windows: list[dict[str, Any]] = field(default_factory=list)

    def is_free(self, at: datetime) -> bool:
        if self.dnd and (self.dnd_until is None or at < self.dnd_until):
            return False
        return not any(_covers(window, at.astimezone(self.schedule.zone)) for window in self.windows)


def _covers(window: dict[str, Any], local: datetime) -> bool:
    """True if the wall clock is in it: from its start on that day to its end, or through midnight to the next day's."""
    clock, today = local.time(), local.weekday()
    start, end = time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
    if start < end:
        return today in window["days"] and start <= clock < end
    return (today in window["days"] and clock >= start) or ((today - 1) % 7 in window["days"] and clock < end)


@dataclass
class Reference:
    """Goes through time minute by minute. `given`: arrival -> when it may be given."""

    chosen: Chosen
    waiting: list[int] = field(default_factory=list)
    collected: list[int] = field(default_factory=list)
    is_struck: bool = False
    given: dict[int, datetime] = field(default_factory=dict)

    def minute(self, at: datetime) -> None:
        self.is_struck |= bool(self.collected) and self.chosen.digest and is_due(self.chosen.schedule, at)
        self.settle(at)

    def change(self, chosen: Chosen, at: datetime) -> None:
        self.chosen = chosen
        if not chosen.digest:
            self.waiting, self.collected = self.waiting + self.collected, []
            self.is_struck = False
        self.settle(at)

    def arrive(self, name: int, at: datetime, *, is_critical: bool) -> None:
        if is_critical or (self.chosen.is_free(at) and not self.chosen.digest):
            self.given[name] = at
        else:
            (self.collected if self.chosen.is_free(at) else self.waiting).append(name)

    def settle(self, at: datetime) -> None:
        if not self.chosen.is_free(at):
            return
        if not self.chosen.digest:
            self.give(self.waiting, at)
            self.waiting = []
            return
        self.collected += self.waiting
        self.waiting = []
        if self.is_struck:
            self.give(self.collected, at)
            self.collected, self.is_struck = [], False

    def give(self, names: list[int], at: datetime) -> None:
        for name in names:
            self.given[name] = at


def minutes(start: datetime, until: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range(int((until - start) / timedelta(minutes=1)) + 1)]
