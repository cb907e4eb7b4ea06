"""Environments of a benchmark: a database and a Redis prefix of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from bench.processes import ROOT

POSTGRES_URL = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379/15"
# With DEBUG on, Django spells out and keeps every query.
PRODUCTION = {"DEBUG": "false", "SECRET_KEY": secrets.token_hex(32), "ENV_FILE": ""}

Environment = dict[str, str]

# A benchmark may have two databases.
_numbers = itertools.count()


class ServerUnavailableError(Exception):
    """A server that a benchmark needs doesn't answer; the text says which."""


def scaled(count: int) -> int:
    """The count times BENCH_SCALE: 0.1 tries a benchmark out with a tenth of everything; the figures mean nothing."""
    return max(1, round(count * float(os.environ.get("BENCH_SCALE", "1"))))


@contextmanager
def isolated(*, with_redis: bool = False, with_web: bool = False) -> Iterator[Environment]:
    """Environment variables of processes on a fresh, migrated PostgreSQL database, and on Redis if wanted.

    With a web process DEBUG is on for all: without it, that asks for collected static files. DATABASE_URL and
    REDIS_URL name the servers, else the local ones with their usual ports. Raises ServerUnavailableError.
    """
    name = f"carillon_bench_{os.getpid()}_{next(_numbers)}"
    try:
        with _database(name) as url:
            inherited = {key: value for key, value in os.environ.items() if key not in {"REDIS_URL", "REDIS_PREFIX"}}
            env = inherited | PRODUCTION | ({"DEBUG": "true"} if with_web else {}) | {"DATABASE_URL": url}
            subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
            if not with_redis:
                yield env
                return
            redis_url = _redis_url()
            with _redis_prefix(redis_url, name=name):
                yield env | {"REDIS_URL": redis_url, "REDIS_PREFIX": name}
    except psycopg.OperationalError as error:
        raise ServerUnavailableError(f"no PostgreSQL: {error}") from error
    except redis.ConnectionError as error:
        raise ServerUnavailableError(f"no Redis: {error}") from error


def server_versions() -> dict[str, str]:
    """Versions of the servers that answer, by name."""
    versions: dict[str, str] = {}
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(_server(), autocommit=True) as connection:
        versions["postgresql"] = connection.info.parameter_status("server_version") or ""
    with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(_redis_url(), socket_timeout=5) as client:
        versions["redis"] = client.info("server")["redis_version"]
    return versions


def _server() -> str:
    configured = os.environ.get("DATABASE_URL", "")
    return _with_database(configured if configured.startswith("postgres") else POSTGRES_URL, "postgres")


def _redis_url() -> str:
    return os.environ.get("REDIS_URL") or REDIS_URL


@contextmanager
def _database(name: str) -> Iterator[str]:
    """The address of a new database, dropped afterwards."""
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield _with_database(_server(), name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def _redis_prefix(url: str, *, name: str) -> Iterator[None]:
    """A prefix in Redis, whose keys are deleted afterwards."""
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        client.ping()
        try:
            yield
        finally:
            for key in client.scan_iter(f"{name}*", count=1000):
                client.delete(key)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql", path=f"/{name}"))
