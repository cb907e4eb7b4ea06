"""Scaling of work over one, two and four processes: the cost of each piece, and how many go in a second."""

from __future__ import annotations

import contextlib
import json

from bench import environment, processes
from bench.environment import scaled

PROCESSES = (1, 2, 4)
# Pieces of each work, over all processes: events, events, people.
WORKS = {"publish": 2_000, "drain": 5_000, "tell": 80_000}


def measure(work: str) -> list[tuple[int, float, float]]:
    """Number of processes, CPU milliseconds of each piece, pieces a second."""
    count = scaled(WORKS[work])
    return [(number, *_measured(work, count, number)) for number in PROCESSES]


def _measured(work: str, count: int, number: int) -> tuple[float, float]:
    with environment.isolated(with_redis=True) as env, contextlib.ExitStack() as started:
        processes.call("bench.curves.preparation", work, count, env=env)
        command = processes.call_command("bench.curves.worker", work, count // number)
        workers = [started.enter_context(processes.started(*command, env=env)) for _ in range(number)]
        for worker in workers:
            processes.read_line(worker)
        for worker in workers:
            processes.write_line(worker, "go")
        done = [json.loads(processes.read_line(worker)) for worker in workers]
    spent, seconds = sum(one["cpu"] for one in done), max(one["seconds"] for one in done)
    return 1000 * spent / count, count / seconds
