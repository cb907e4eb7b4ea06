"""One event to ten thousand people on PostgreSQL, beside the bare INSERT ... SELECT of the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.lines import Line

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 10_000
TARGET = 0.4
PATIENCE = 300.0
DEFAULT = "postgres://postgres@127.0.0.1:5432/postgres"


def measure() -> list[Line]:
    """Nothing without a PostgreSQL: DATABASE_URL names one, else the local server with user postgres."""
    named = os.environ.get("DATABASE_URL", "")
    try:
        with _own_database(named if named.startswith("postgres") else DEFAULT) as url:
            times = _times(url)
    except psycopg.OperationalError as error:
        print(f"Left out, no PostgreSQL: {error}", file=sys.stderr)
        return []
    rates = {name: PEOPLE / median(seconds) for name, seconds in times.items()}
    share = rates["transaction"] / rates["bare"]
    return [
        Line(
            name=f"one event to {PEOPLE:,} people with preferences: routing transaction",
            unit="rows/s",
            ours=rates["transaction"],
            target=f">= {TARGET} of the limit",
            is_met=share >= TARGET,
            compared_with="bare INSERT ... SELECT",
            theirs=rates["bare"],
            details={"end to end with frames": rates["end_to_end"]},
        )
    ]


def _times(url: str) -> dict[str, list[float]]:
    env = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "DEBUG": "true"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    command = [sys.executable, "-m", "bench.routing_process", str(PEOPLE)]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=PATIENCE)
    times: dict[str, list[float]] = json.loads(done.stdout)
    return times


@contextmanager
def _own_database(server: str) -> Iterator[str]:
    name = f"carillon_bench_{os.getpid()}"
    with psycopg.connect(_at(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield _at(server, name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql", path=f"/{name}"))
