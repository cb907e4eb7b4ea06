"""`publish()` beside the bare INSERT and commit into the same table."""

from __future__ import annotations

from bench import stage
from bench.lines import Line, percentile

CALLS = 400
TARGET = 1.6


def measure() -> list[Line]:
    with stage.service(with_redis=True) as env:
        times = stage.run("bench.publishing_process", stage.scaled(CALLS), env=env)
    ours, theirs = (1000 * percentile(times[name], 0.5) for name in ("publish", "bare"))
    return [
        Line(
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
