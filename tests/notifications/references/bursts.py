"""Bursts of one person and one source once more, slow and obvious: rows in memory, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW = 5


@dataclass
class Row:
    until: int
    events: int = 1
    state: str = "unread"
    batch: int | None = None


@dataclass
class Reference:
    """The feed, and the messages over another channel: how many events each was of."""

    rows: list[Row] = field(default_factory=list)

    def arrive(self, at: int) -> None:
        open_rows = [row for row in self.rows if row.state == "unread" and at < row.until]
        if open_rows:
            open_rows[-1].events += 1
        else:
            self.rows.append(Row(at + WINDOW))

    def act(self, what: str, batch: int | None) -> None:
        for row in self.rows:
            if row.state == "unread" and what in ("read", "done"):
                row.state, row.batch = what, batch

    def undo(self, batch: int) -> None:
        for row in self.rows:
            if row.batch == batch:
                row.state, row.batch = "unread", None

    def unread(self) -> list[int]:
        return sorted(row.events for row in self.rows if row.state == "unread")

    def all(self) -> list[int]:
        return sorted(row.events for row in self.rows)
