"""One event to a hundred thousand people of a million, beside one to ten thousand: what a row costs."""

from __future__ import annotations

import contextlib
import json
from statistics import median
from subprocess import Popen
from typing import Any

from bench import stage
from bench.lines import Line

USERS, GREAT, SMALL = 1_000_000, 100_000, 10_000
WARM_UP, TURNS = 1, 4
TARGET = 1.3


def measure() -> list[Line]:
    """Each in a database of its own, in turns: the tables of both have grown by as many rows when they are timed."""
    users, great, small = (stage.scaled(count) for count in (USERS, GREAT, SMALL))
    with stage.service() as here, stage.service() as there, contextlib.ExitStack() as running:
        many = running.enter_context(stage.started("-m", "bench.million_process", str(users), str(great), env=here))
        few = running.enter_context(stage.started("-m", "bench.million_process", str(small), str(small), env=there))
        for process in (many, few):
            asked(process, "prepare")
        times: dict[str, list[float]] = {"great": [], "small": []}
        for turn in range(WARM_UP + TURNS):
            found = {
                "great": [asked(many, "in_chunks")],
                "small": [asked(few, "at_once") for _ in range(great // small)],
            }
            if turn >= WARM_UP:
                for name, seconds in found.items():
                    times[name] += seconds
        urgent = asked(many, "urgent")
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
            details={"all of it, s": median(times["great"]), "an urgent event behind it, s": urgent},
        )
    ]


def asked(process: Popen[str], what: str) -> Any:
    """The process's answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(what + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())
