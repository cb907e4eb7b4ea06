"""A million old rows pruned on PostgreSQL, beside bare DELETEs of the same; and how long a batch holds its locks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psycopg

from bench.lines import Line
from bench.stage import AS_IN_PRODUCTION, DEFAULT, ROOT, own_database

ROWS = int(os.environ.get("BENCH_PRUNE_ROWS", "1000000"))
TARGET = 0.5
LONGEST_MS = 200.0
PATIENCE = 1800.0


def measure() -> list[Line]:
    """Nothing without a PostgreSQL: DATABASE_URL names one, else the local server with user postgres."""
    named = os.environ.get("DATABASE_URL", "")
    try:
        with own_database(
            named if named.startswith("postgres") else DEFAULT, name=f"carillon_bench_{os.getpid()}"
        ) as url:
            found = _found(url)
    except psycopg.OperationalError as error:
        print(f"Left out, no PostgreSQL: {error}", file=sys.stderr)
        return []
    share = found["ours"] / found["bare"]
    return [
        Line(
            name=f"prune of {ROWS:,} notifications and their events",
            unit="rows/s",
            ours=found["ours"],
            target=f">= {TARGET} of the limit, no lock over {LONGEST_MS:.0f} ms",
            is_met=share >= TARGET and found["longest_ms"] <= LONGEST_MS,
            compared_with="one bare DELETE a table",
            theirs=found["bare"],
            details={
                "longest transaction ms": found["longest_ms"],
                "with an archive rows/s": found["archived"],
                "its longest ms": found["archived_longest_ms"],
            },
        )
    ]


def _found(url: str) -> dict[str, float]:
    env = {**os.environ, "DATABASE_URL": url, "REDIS_URL": ""} | AS_IN_PRODUCTION
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    command = [sys.executable, "-m", "bench.prune_process", str(ROWS)]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=PATIENCE)
    found: dict[str, float] = json.loads(done.stdout)
    return found
