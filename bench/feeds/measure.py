"""Buffers that a page of the feed touches in tables of a million and ten million rows, beside one of ten thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

SMALL, LARGE = 10_000, (1_000_000, 10_000_000)
# Of ten people who are told of everything, one reads.
PEOPLE = 10
TARGET = 1.5
# It sorts the reader's rows while those are as few as it looks at, and follows an index from there on.
SEARCH = "search in vain"
# Ten million rows take minutes to write.
TIMEOUT = 3600.0


def measure() -> list[Result]:
    sizes = [scaled(rows) for rows in (SMALL, *LARGE)]
    return [
        Result(
            name=f"{query} at {rows:,} rows, {rows // PEOPLE:,} the reader's",
            unit="buffers",
            ours=float(many["buffers"]),
            target=f"<= {TARGET} times" if query == SEARCH else f"same plan, <= {TARGET} times",
            is_met=(query == SEARCH or many["plan"] == few["plan"]) and many["buffers"] <= TARGET * few["buffers"],
            compared_with=f"at {sizes[0]:,} rows",
            theirs=float(few["buffers"]),
            details={"ms": many["ms"], "ms at few": few["ms"]},
        )
        for query, (few, *grown) in plans(sizes).items()
        for rows, many in zip(sizes[1:], grown, strict=True)
    ]


def plans(sizes: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Plan, buffers and milliseconds of each query of the feed, at each number of rows."""
    with environment.isolated() as env:
        explained: dict[str, list[dict[str, Any]]] = processes.call(
            "bench.feeds.process", list(sizes), PEOPLE, env=env, timeout=TIMEOUT
        )
    return explained
