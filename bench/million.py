"""One event to a hundred thousand people of a million, beside one to ten thousand: what a row costs."""

from __future__ import annotations

from statistics import median

from bench import stage
from bench.lines import Line

USERS, GREAT, SMALL = 1_000_000, 100_000, 10_000
TARGET = 1.3


def measure() -> list[Line]:
    users, great, small = (stage.scaled(count) for count in (USERS, GREAT, SMALL))
    with stage.service() as env:
        times = stage.run("bench.million_process", users, great, small, env=env)
    ours, theirs = (1e6 * median(times[name]) / count for name, count in (("great", great), ("small", small)))
    return [
        Line(
            name=f"one event to {great:,} of {users:,} users, chunk by chunk: time per row",
            unit="µs",
            ours=ours,
            target=f"<= {TARGET} times",
            is_met=ours <= TARGET * theirs,
            compared_with=f"to {small:,} of {small:,} users",
            theirs=theirs,
            details={"all of it, s": median(times["great"]), "an urgent event behind it, s": times["urgent"]},
        )
    ]
