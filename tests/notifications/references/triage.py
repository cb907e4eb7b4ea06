"""Slow, obvious reference of an inbox under reading, doing, snoozing, waking and undoing: rows in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Row:
    place: int
    is_read: bool = False
    is_done: bool = False
    snoozed_until: datetime | None = None
    batch: int | None = None
    was_read_by: int | None = None
    was_done_by: int | None = None


class Reference:
    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self._top = 0

    def tell(self, pk: int) -> None:
        self.rows[pk] = Row(self._next())

    def act(
        self, pks: list[int], action: str, now: datetime, *, batch: int | None, until: datetime | None = None
    ) -> None:
        for pk in pks:
            row = self.rows[pk]
            if action in ("read", "done") and not row.is_read:
                row.is_read, row.batch, row.was_read_by = True, batch, batch
            elif action == "unread" and row.is_read:
                row.is_read, row.batch, row.was_read_by = False, None, None
            if action == "done" and not row.is_done:
                row.is_done, row.snoozed_until, row.batch, row.was_done_by = True, None, batch, batch
            elif action == "snooze":
                row.is_done, row.snoozed_until, row.batch = False, until, None
            elif (action == "undone" and row.is_done) or (action == "unsnooze" and row.snoozed_until):
                row.is_done, row.snoozed_until, row.batch = False, None, None

    def wake(self, now: datetime) -> None:
        due = [row for row in self.rows.values() if row.snoozed_until and row.snoozed_until <= now]
        ids = {id(row): pk for pk, row in self.rows.items()}
        for row in sorted(due, key=lambda row: (row.snoozed_until, ids[id(row)])):
            row.place, row.is_read, row.snoozed_until, row.batch = self._next(), False, None, None

    def undo(self, batch: int) -> None:
        for row in self.rows.values():
            if row.batch != batch or not row.is_read:
                continue
            if row.was_done_by == batch:
                row.is_done = False
            if row.was_read_by == batch:
                row.is_read = False
            row.batch = None

    def counts(self, pk: int) -> bool:
        row = self.rows[pk]
        return not (row.is_read or row.is_done or row.snoozed_until)

    def feed(self) -> list[int]:
        shown = [pk for pk, row in self.rows.items() if not row.is_done and not row.snoozed_until]
        return sorted(shown, key=lambda pk: -self.rows[pk].place)

    def badge(self) -> int:
        return sum(map(self.counts, self.rows))

    def ends(self) -> list[datetime]:
        return [row.snoozed_until for row in self.rows.values() if row.snoozed_until]

    def _next(self) -> int:
        self._top += 1
        return self._top
