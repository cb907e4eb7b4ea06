"""Where a measurement takes place: a database and a Redis prefix of its own, gone afterwards, and processes on them."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300.0
DEFAULT = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/15"

Environment = dict[str, str]

# A measurement may take place in two databases.
_numbers = itertools.count()

# With DEBUG on, Django spells out and keeps every query.
AS_IN_PRODUCTION = {"DEBUG": "false", "SECRET_KEY": secrets.token_hex(32)}


class LeftOut(Exception):
    """What a measurement needs isn't there; its text says what."""


def scaled(count: int) -> int:
    """BENCH_SCALE=0.1 tries a measurement out with a tenth of everything; the figures then mean nothing."""
    return max(1, round(count * float(os.environ.get("BENCH_SCALE", "1"))))


@contextmanager
def service(*, with_redis: bool = False, with_web: bool = False) -> Iterator[Environment]:
    """The environment of processes on a fresh, migrated PostgreSQL database, and on Redis if wanted.

    With a web process DEBUG is on for all: without it, that asks for collected static files. DATABASE_URL and
    REDIS_URL name the servers, else the local ones with their usual ports. Raises LeftOut.
    """
    named = os.environ.get("DATABASE_URL", "")
    name = f"carillon_bench_{os.getpid()}_{next(_numbers)}"
    try:
        with own_database(named if named.startswith("postgres") else DEFAULT, name=name) as url:
            kept = {key: value for key, value in os.environ.items() if key not in {"REDIS_URL", "REDIS_PREFIX"}}
            env = kept | AS_IN_PRODUCTION | ({"DEBUG": "true"} if with_web else {}) | {"DATABASE_URL": url}
            subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
            if not with_redis:
                yield env
                return
            redis_url = os.environ.get("REDIS_URL") or REDIS
            with _own_prefix(redis_url, name=name):
                yield env | {"REDIS_URL": redis_url, "REDIS_PREFIX": name}
    except psycopg.OperationalError as error:
        raise LeftOut(f"no PostgreSQL: {error}") from error
    except redis.ConnectionError as error:
        raise LeftOut(f"no Redis: {error}") from error


def run(module: str, *arguments: object, env: Mapping[str, str], python: str = sys.executable) -> Any:
    """The JSON that a module of this package prints."""
    command = [python, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=dict(env), check=True, stdout=subprocess.PIPE, timeout=PATIENCE)
    return json.loads(done.stdout)


@contextmanager
def started(*command: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is asked to end afterwards; it reads and writes lines."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def own_database(server: str, *, name: str) -> Iterator[str]:
    """The address of a new one of this name on that server; dropped afterwards."""
    with psycopg.connect(_at(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield _at(server, name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def _own_prefix(url: str, *, name: str) -> Iterator[None]:
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        client.ping()
        try:
            yield
        finally:
            for key in client.scan_iter(f"{name}*", count=1000):
                client.delete(key)


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql", path=f"/{name}"))
