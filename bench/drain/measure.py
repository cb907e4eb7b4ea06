"""A log of one-person events, drained by the router, beside the bare statements and one Celery task for each."""

from __future__ import annotations

from statistics import median

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result

EVENTS, TASKS = 10_000, 2_000
TARGET, SHARE = 15.0, 0.25


def measure() -> list[Result]:
    events = scaled(EVENTS)
    with environment.isolated(with_redis=True) as env:
        rates = processes.call("bench.drain.process", events, scaled(TASKS), env=env)
    rate = {name: median(measured) for name, measured in rates.items()}
    name = f"{events:,} committed events of one person each, numbered, routed and committed"
    return [
        Result(
            name=name,
            unit="events/s",
            ours=rate["ours"],
            target=f">= {TARGET:.0f} times",
            is_met=rate["ours"] >= TARGET * rate["tasks"],
            compared_with="one Celery task each, which writes its row; two processes",
            theirs=rate["tasks"],
        ),
        Result(
            name=name,
            unit="events/s",
            ours=rate["ours"],
            target=f">= {SHARE} of the limit",
            is_met=rate["ours"] >= SHARE * rate["bare"],
            compared_with="the same statements in SQL alone",
            theirs=rate["bare"],
        ),
    ]
