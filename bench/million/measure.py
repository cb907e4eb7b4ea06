"""One event to a hundred thousand people of a million, beside one to ten thousand: what a row costs."""

from __future__ import annotations

import json
from statistics import median
from subprocess import Popen
from typing import Any

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result
from bench.timing import interleaved

USERS, LARGE, SMALL = 1_000_000, 100_000, 10_000
ROUNDS = 4
TARGET = 1.3


def measure() -> list[Result]:
    """Compare two databases, interleaved: the tables of both have grown by as many rows when they are timed."""
    users, large, small = (scaled(count) for count in (USERS, LARGE, SMALL))
    times, urgent = _seconds(users=users, large=large, small=small)
    ours, theirs = 1e6 * median(times["large"]) / large, 1e6 * median(times["small"]) / small
    return [
        Result(
            name=f"one event to {large:,} of {users:,} users, chunk by chunk: time per row",
            unit="µs",
            ours=ours,
            target=f"<= {TARGET} times",
            is_met=ours <= TARGET * theirs,
            compared_with=f"to {small:,} of {small:,} users",
            theirs=theirs,
            details={"all of it, s": median(times["large"]), "an urgent event behind it, s": urgent},
        )
    ]


def _seconds(*, users: int, large: int, small: int) -> tuple[dict[str, list[float]], float]:
    """Seconds of each large and each small event, and of an urgent event behind a large one."""
    large_command = processes.call_command("bench.million.process", users, large)
    small_command = processes.call_command("bench.million.process", small, small)
    with (
        environment.isolated() as large_env,
        environment.isolated() as small_env,
        processes.started(*large_command, env=large_env) as large_process,
        processes.started(*small_command, env=small_env) as small_process,
    ):
        for process in (large_process, small_process):
            _ask(process, "prepare")
        rounds = interleaved(
            {
                "large": lambda: [_ask(large_process, "in_chunks")],
                "small": lambda: [_ask(small_process, "at_once") for _ in range(large // small)],
            },
            rounds=ROUNDS,
        )
        times = {name: [second for seconds in lists for second in seconds] for name, lists in rounds.items()}
        return times, _ask(large_process, "urgent")


def _ask(process: Popen[str], command: str) -> Any:
    """Send a command to the process and return the value that it answers."""
    processes.write_line(process, command)
    return json.loads(processes.read_line(process))
