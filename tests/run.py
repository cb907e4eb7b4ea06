"""Runs the suite embedded, and again on PostgreSQL and Redis where they are found; says at the end what was not run.

--fast: embedded only, without browsers and processes. --strict: anything skipped or not run is a failure. --retry: a
browser or process test that fails has a second try, and the last lines name it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
NO_TESTS = 5

# What docker-compose.yml publishes, then what a distribution's own packages give.
POSTGRES = ["postgres://carillon:carillon@127.0.0.1:5432/carillon", "postgres://postgres@127.0.0.1:5432/postgres"]
REDIS = ["redis://127.0.0.1:6379/15"]


@dataclass
class Tally:
    """Outcomes of one profile's runs."""

    profile: str
    counts: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)
    second_tries: list[str] = field(default_factory=list)
    failed: bool = False

    def __str__(self) -> str:
        ran = ", ".join(f"{self.counts[kind]} {kind}" for kind in ("passed", "failed", "skipped") if self.counts[kind])
        return f"{self.profile}: {ran or 'no test'}"


@dataclass(frozen=True)
class Service:
    """A PostgreSQL and a Redis that answer."""

    database_url: str
    redis_url: str
    label: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--retry", action="store_true")
    options = parser.parse_args()
    tallies, missing = [embedded(fast=options.fast, retry=options.retry)], []
    if options.fast:
        missing.append("browsers, processes, and everything on PostgreSQL and Redis (make test runs them)")
    else:
        tallies.append(with_other_users())
        found = find_service()
        if isinstance(found, Service):
            tallies.append(on_service(found, retry=options.retry))
        else:
            missing.append(f"everything on PostgreSQL and Redis ({found})")
    return report(tallies, missing, strict=options.strict)


def embedded(*, fast: bool, retry: bool) -> Tally:
    """SQLite, one process."""
    tally = Tally("Embedded (SQLite)")
    with tempfile.TemporaryDirectory(prefix="carillon-") as folder:
        env = {"DATABASE_URL": f"sqlite:///{folder}/carillon.sqlite3", "REDIS_URL": ""}
        run(tally, env=env, marks="not process and not browser", workers=WORKERS)
        if not fast:
            outside(tally, env=env, retry=retry)
    return tally


def with_other_users() -> Tally:
    """The three apps on SQLite, in a project that has a user model of its own."""
    tally = Tally("Another project's user model (SQLite)")
    with tempfile.TemporaryDirectory(prefix="carillon-") as folder:
        env = {"DATABASE_URL": f"sqlite:///{folder}/carillon.sqlite3", "REDIS_URL": ""}
        env["DJANGO_SETTINGS_MODULE"] = "tests.accounts.settings"
        floors = ["tests/events", "tests/notifications", "tests/delivery"]
        run(tally, env=env, marks="not process and not browser", workers=WORKERS, more=floors)
    return tally


def on_service(service: Service, *, retry: bool) -> Tally:
    """PostgreSQL and Redis; in databases of our own, which are gone afterwards."""
    tally = Tally(service.label)
    with own_databases(service.database_url) as database_url:
        env = {"DATABASE_URL": database_url, "REDIS_URL": service.redis_url}
        run(tally, env=env, marks="not process and not browser", workers=WORKERS)
        outside(tally, env=env, retry=retry)
    return tally


def outside(tally: Tally, *, env: dict[str, str], retry: bool) -> None:
    """Real browsers and processes."""
    more = ["--reruns=1"] if retry else []
    run(tally, env=env, marks="browser", workers=WORKERS, more=["--dist=loadfile", *more])
    run(tally, env=env, marks="process and not browser", workers=WORKERS, more=more)


def run(tally: Tally, *, env: dict[str, str], marks: str, workers: int = 0, more: Sequence[str] = ()) -> None:
    """One pytest process. Parallel workers have databases and, with this, prefixes in Redis of their own."""
    parallel = [f"--tx=popen//env:REDIS_PREFIX=carillon-test-{os.getpid()}-{one}" for one in range(workers)]
    with tempfile.TemporaryDirectory(prefix="carillon-") as folder:
        outcome = Path(folder) / "outcome.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-raR", "-m", marks, f"--junit-xml={outcome}"]
        command += [*parallel, "--dist=load"] if parallel else []
        command += more
        print(f"\n== {tally.profile}: {marks}", flush=True)
        env = {**os.environ, "DEBUG": "true", **env}
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as pytest:
            for line in pytest.stdout or ():
                print(line, end="", flush=True)
                if line.startswith("RERUN "):
                    tally.second_tries.append(line.removeprefix("RERUN ").rstrip())
        tally.failed |= pytest.returncode not in (0, NO_TESTS)
        if outcome.exists():
            count(tally, outcome)


def count(tally: Tally, outcome: Path) -> None:
    """Add up the outcomes; of a test that was tried twice the second counts."""
    cases = {(case.get("classname"), case.get("name")): case for case in ET.parse(outcome).iter("testcase")}
    for case in cases.values():
        if (skipped := case.find("skipped")) is not None:
            tally.counts["skipped"] += 1
            tally.skipped.append(f"{case.get('classname')}::{case.get('name')}: {skipped.get('message')}")
        elif case.find("failure") is not None or case.find("error") is not None:
            tally.counts["failed"] += 1
        else:
            tally.counts["passed"] += 1


def find_service() -> Service | str:
    """Servers that the environment names, else those at the usual places; or why there are none."""
    named_database, named_redis = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    databases = [named_database] if named_database.startswith("postgres") else POSTGRES
    database = next(((url, version) for url in databases if (version := postgres_version(url))), None)
    broker = next(((url, version) for url in [named_redis] if url and (version := redis_version(url))), None)
    if not named_redis:
        broker = next(((url, version) for url in REDIS if (version := redis_version(url))), None)
    lacking = [name for name, found in (("PostgreSQL", database), ("Redis", broker)) if not found]
    if not database or not broker:
        return f"no {' and no '.join(lacking)} answered; DATABASE_URL and REDIS_URL name one elsewhere"
    return Service(database[0], broker[0], f"PostgreSQL {database[1]} and Redis {broker[1]}")


def postgres_version(url: str) -> str:
    """Empty unless it answers and lets us make databases."""
    try:
        with psycopg.connect(at(url, name="postgres"), connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000, rolcreatedb OR rolsuper "
                "FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return ""
    return str(row[0]) if row and row[1] else ""


def redis_version(url: str) -> str:
    """Empty unless it answers."""
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            return str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError):
        return ""


@contextmanager
def own_databases(url: str) -> Iterator[str]:
    """An address on that server whose name nobody else uses; whatever tests leave behind under it is dropped."""
    name = f"carillon_{os.getpid()}"
    try:
        yield at(url, name=name)
    finally:
        with psycopg.connect(at(url, name="postgres"), autocommit=True) as connection:
            pattern = f"(^|_){name}($|_)"
            for (left,) in connection.execute(
                "SELECT datname FROM pg_database WHERE datname ~ %s", [pattern]
            ).fetchall():
                connection.execute(f'DROP DATABASE "{left}" WITH (FORCE)')


def at(url: str, *, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql", path=f"/{name}"))


def report(tallies: list[Tally], missing: list[str], *, strict: bool) -> int:
    """The last lines, and the exit code."""
    print()
    for tally in tallies:
        for line in tally.skipped:
            print(f"Skipped: {line}")
        for line in tally.second_tries:
            print(f"Second try: {line}")
    for tally in tallies:
        print(tally)
    print(f"Not run: {'; '.join(missing) or 'nothing'}", flush=True)
    incomplete = bool(missing) or any(tally.skipped for tally in tallies)
    if strict and incomplete:
        print("That is a failure here: everything must run.", flush=True)
    return int(any(tally.failed for tally in tallies) or (strict and incomplete))


if __name__ == "__main__":
    sys.exit(main())
