"""What a page of the feed touches in a table of a million rows, beside one of ten thousand."""

from __future__ import annotations

from typing import Any

from bench import stage
from bench.lines import Line

ROWS, SMALL = 1_000_000, 10_000
# Of ten people who are told of everything, one reads.
PEOPLE = 10
TARGET = 1.5


def measure() -> list[Line]:
    small, great = stage.scaled(SMALL), stage.scaled(ROWS)
    with stage.service() as env:
        found: dict[str, Any] = stage.run("bench.feeds_process", small // PEOPLE, great // PEOPLE, PEOPLE, env=env)
    return [
        Line(
            name=f"{query} at {great:,} rows, {great // PEOPLE:,} the reader's",
            unit="buffers",
            ours=float(many["buffers"]),
            target=f"same plan, <= {TARGET} times",
            is_met=many["plan"] == few["plan"] and many["buffers"] <= TARGET * few["buffers"],
            compared_with=f"at {small:,} rows",
            theirs=float(few["buffers"]),
            details={"ms": many["ms"], "ms at few": few["ms"]},
        )
        for query, (few, many) in found.items()
    ]
