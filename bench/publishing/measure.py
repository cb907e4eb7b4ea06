"""`publish()` beside the bare INSERT and commit into the same table."""

from __future__ import annotations

from bench import environment, processes
from bench.environment import scaled
from bench.results import Result
from bench.timing import percentile

CALLS = 400
TARGET = 1.6


def measure() -> list[Result]:
    with environment.isolated(with_redis=True) as env:
        times = processes.call("bench.publishing.process", scaled(CALLS), env=env)
    ours, theirs = (1000 * percentile(times[name], 0.5) for name in ("publish", "bare"))
    return [
        Result(
            name="publish(), type cached, no schema, hint coalesced: p50",
            unit="ms",
            ours=ours,
            target=f"<= {TARGET} times",
            is_met=ours <= TARGET * theirs,
            compared_with="bare INSERT and commit",
            theirs=theirs,
            details={"p95": 1000 * percentile(times["publish"], 0.95)},
        )
    ]
