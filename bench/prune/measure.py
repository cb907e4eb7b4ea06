"""A million old rows pruned on PostgreSQL, beside bare DELETEs of the same; and how long a batch holds its locks."""

from __future__ import annotations

import os

from bench import environment, processes
from bench.results import Result

ROWS = int(os.environ.get("BENCH_PRUNE_ROWS", "1000000"))
TARGET = 0.1
LONGEST_MS = 200.0
TIMEOUT = 1800.0


def measure() -> list[Result]:
    with environment.isolated() as env:
        figures: dict[str, float] = processes.call("bench.prune.process", ROWS, env=env, timeout=TIMEOUT)
    share = figures["ours"] / figures["bare"]
    return [
        Result(
            name=f"prune of {ROWS:,} notifications and their events",
            unit="rows/s",
            ours=figures["ours"],
            target=f">= {TARGET} of the limit, no lock over {LONGEST_MS:.0f} ms",
            is_met=share >= TARGET and figures["longest_ms"] <= LONGEST_MS,
            compared_with="one bare DELETE a table",
            theirs=figures["bare"],
            details={
                "longest transaction ms": figures["longest_ms"],
                "with an archive rows/s": figures["archived"],
                "its longest ms": figures["archived_longest_ms"],
            },
        )
    ]
