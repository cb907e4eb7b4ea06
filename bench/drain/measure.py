"""A log of one-person events, drained by the router, beside one Celery task for each."""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

EVENTS, TASKS = 10_000, 2_000
TARGET = 6.0


def measure() -> list[Result]:
    events = scaled(EVENTS)
    with environment.isolated(with_redis=True) as env:
        rates = processes.call("bench.drain.process", events, scaled(TASKS), env=env)
    ours, theirs = median(rates["ours"]), median(rates["tasks"])
    return [
        Result(
            name=f"{events:,} committed events of one person each, numbered, routed and committed",
            unit="events/s",
            ours=ours,
            target=f">= {TARGET:.0f} times",
            is_met=ours >= TARGET * theirs,
            compared_with="one Celery task each, which writes its row; two processes",
            theirs=theirs,
        )
    ]
