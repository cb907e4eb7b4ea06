"""Samples of a soak: memory and open files of each process, rows of each table, and what has not been done yet."""

from __future__ import annotations

import os
import statistics
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from bench.attack.memory import resident

# Figures of /metrics that stay small where all is done in time.
BEHIND = (
    "carillon_subscriber_lag_events",
    "carillon_oldest_unnumbered_event_seconds",
    "carillon_oldest_undelivered_seconds",
)


@dataclass
class Samples:
    """Series by name, each of pairs of minutes since the start and a value."""

    pids: dict[str, int]
    port: int
    database: str
    began: float = field(default_factory=time.monotonic)
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    behind: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def minutes(self) -> float:
        return (time.monotonic() - self.began) / 60

    def take(self) -> None:
        """Look at each process, and at what is behind."""
        for name, pid in with_children(self.pids).items():
            self.memory[name].append((self.minutes, resident(pid)))
            self.files[name].append((self.minutes, len(os.listdir(f"/proc/{pid}/fd"))))
        for name, value in self._behind().items():
            self.behind[name].append((self.minutes, value))

    def count_rows(self) -> None:
        with psycopg.connect(self.database) as connection:
            tables = connection.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname").fetchall()
            for (table,) in tables:
                [(rows,)] = connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                ).fetchall()
                self.rows[table].append((self.minutes, rows))

    def _behind(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as response:
            lines = [line.rpartition(" ") for line in response.read().decode().splitlines()]
        return {name: float(value) for name, _, value in lines if name.startswith(BEHIND)}


def with_children(pids: dict[str, int]) -> dict[str, int]:
    """The processes, and those that they have started, numbered."""
    found = dict(pids)
    for name, pid in pids.items():
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found |= {f"{name}, child {number}": int(child) for number, child in enumerate(children, start=1)}
    return found


def slope(series: list[tuple[float, float]], *, after: float) -> float:
    """Growth a minute after so many minutes, by least squares."""
    points = [point for point in series if point[0] >= after]
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else 0.0
