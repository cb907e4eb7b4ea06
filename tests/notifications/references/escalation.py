"""Escalations, told slowly and obviously: one event, its people, and what was asked of it, moment by moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Waiting:
    """Event that waits. `told`: each person and when they were told, in the order of it."""

    steps: list[set[str]]
    wait: timedelta
    due: datetime | None
    told: dict[str, datetime] = field(default_factory=dict)
    taken_by: str = ""
    is_ended: bool = False

    def look(self, now: datetime) -> None:
        """Let a sweep look: one step, if it is due."""
        if self.is_ended or self.due is None or now < self.due:
            return
        for person in self.steps.pop(0):
            self.told.setdefault(person, now)
        self.due = now + self.wait if self.steps else None

    def acknowledge(self, person: str) -> None:
        """Take it on, where that is still asked for."""
        if person in self.told and not self.taken_by and not self.is_ended:
            self.taken_by, self.due = person, None

    def end(self) -> None:
        self.is_ended, self.due = True, None
