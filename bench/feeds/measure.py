"""Buffers that a page of the feed touches in a table of a million rows, beside one of ten thousand."""

from __future__ import annotations

from typing import Any

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

ROWS, SMALL = 1_000_000, 10_000
# Of ten people who are told of everything, one reads.
PEOPLE = 10
TARGET = 1.5


def measure() -> list[Result]:
    small, large = scaled(SMALL), scaled(ROWS)
    with environment.isolated() as env:
        plans: dict[str, Any] = processes.call("bench.feeds.process", small // PEOPLE, large // PEOPLE, PEOPLE, env=env)
    return [
        Result(
            name=f"{query} at {large:,} rows, {large // PEOPLE:,} the reader's",
            unit="buffers",
            ours=float(many["buffers"]),
            target=f"same plan, <= {TARGET} times",
            is_met=many["plan"] == few["plan"] and many["buffers"] <= TARGET * few["buffers"],
            compared_with=f"at {small:,} rows",
            theirs=float(few["buffers"]),
            details={"ms": many["ms"], "ms at few": few["ms"]},
        )
        for query, (few, many) in plans.items()
    ]
