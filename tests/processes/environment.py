"""Starts `manage.py` and `celery` as a person would, waits until they are ready, and ends them by their number."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import IO, Any, LiteralString, Self

import httpx
import psycopg
from django.conf import settings
from django.db import connection

from events.conf import conf

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 25.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """One child, at the head of a group of its own. Its output goes to a file, so that it never waits for a reader."""

    def __init__(
        self, *arguments: str, env: dict[str, str], folder: Path, program: str = sys.executable, cwd: Path = ROOT
    ) -> None:
        self.command = arguments
        self.log = folder / f"{uuid.uuid4().hex}.log"
        self._out: IO[bytes] = self.log.open("wb")
        self.started = time.monotonic()
        self._child = subprocess.Popen(
            [program, *arguments],
            cwd=cwd,
            env=clean_environment() | env,
            stdout=self._out,
            stderr=self._out,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self, *, timeout: float = STOP_SECONDS) -> int:
        """Exit code of the process; AssertionError if it still runs."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running after {timeout} s; it said:\n{self.output}") from error

    def stop(self) -> int:
        """SIGTERM and its exit code; killed if that isn't enough."""
        if self.is_running:
            self.send(signal.SIGTERM)
        try:
            return self.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL for it and the children it has, as a worker has its pool."""
        if self.is_running:
            os.killpg(self.pid, signal.SIGKILL)
            self._child.wait()
        self._out.close()

    def wait_for_output(self, text: str, *, timeout: float = START_SECONDS) -> None:
        deadline = time.monotonic() + timeout
        while text not in self.output:
            assert self.is_running, f"ended with {self._child.returncode}; it said:\n{self.output}"
            assert time.monotonic() < deadline, f"no {text!r} within {timeout} s; it said:\n{self.output}"
            time.sleep(0.05)


def wait_until_ready(process: Process, url: str, *, timeout: float = START_SECONDS) -> None:
    deadline = time.monotonic() + timeout
    while True:
        assert process.is_running, f"ended with {process.wait()}; it said:\n{process.output}"
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        assert time.monotonic() < deadline, f"not ready within {timeout} s; it said:\n{process.output}"
        time.sleep(0.1)


class Serve:
    """`manage.py serve`: the embedded profile on a SQLite file of its own.

    `launcher` runs in place of manage.py where a test needs a fault inside: a module that takes the same arguments.
    """

    def __init__(
        self,
        *arguments: str,
        folder: Path | None = None,
        env: dict[str, str] | None = None,
        launcher: str | None = None,
    ) -> None:
        self._own_folder = None if folder else tempfile.TemporaryDirectory(prefix="carillon-")
        self.folder = folder or Path(self._own_folder.name if self._own_folder else ".")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = self.folder / "carillon.sqlite3"
        self.env = {"DEBUG": "true", "DATABASE_URL": f"sqlite:///{self.database}"} | (env or {})
        self.command = (
            *(("-m", launcher) if launcher else ("manage.py",)),
            "serve",
            "--port",
            str(self.port),
            *arguments,
        )

    def __enter__(self) -> Self:
        self.process = Process(*self.command, env=self.env, folder=self.folder)
        try:
            wait_until_ready(self.process, self.url)
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.process.stop()
        if self._own_folder:
            self._own_folder.cleanup()

    def manage(self, *arguments: str) -> str:
        """Another process on the same database; what it said."""
        return _manage(*arguments, env=self.env)


class Service:
    """The service profile as production runs it: web processes, a worker and beat on PostgreSQL and Redis.

    The database is made for it on the server of the tests' own, and dropped afterwards. `demo` puts in the demo data.
    `redis_url`: another Redis than that of the tests, for those that break it.
    """

    def __init__(self, *, webs: int = 2, demo: bool = True, beat: bool = False, redis_url: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="carillon-")
        self.folder = Path(self._folder.name)
        self._webs, self._demo, self._beat = webs, demo, beat
        self.name = f"{settings.DATABASES['default']['NAME']}_{uuid.uuid4().hex[:8]}"
        self.env = {"DEBUG": "true", "DATABASE_URL": address(self.name), "REDIS_URL": redis_url or conf.REDIS_URL}
        self.env |= {"CARILLON_DEMO": "true"} if demo else {}
        self.urls: list[str] = []
        self.webs: list[Process] = []
        self.others: list[Process] = []

    def __enter__(self) -> Self:
        with _server() as server:
            server.execute(f'CREATE DATABASE "{self.name}"'.encode())
        try:
            self.manage("migrate", "--verbosity", "0")
            if self._demo:
                self.manage("demo")
            self.start_worker()
            if self._beat:
                self.start_celery("beat")
            for _ in range(self._webs):
                self.start_web()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def start_web(self) -> Process:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        process = Process("manage.py", "web", "--port", str(port), env=self.env, folder=self.folder)
        self.webs.append(process)
        self.urls.append(url)
        wait_until_ready(process, url)
        return process

    def start_worker(self) -> Process:
        return self.start_celery("worker", "--concurrency", "2")

    def start_celery(self, *arguments: str) -> Process:
        process = Process("-m", "celery", "-A", "config", *arguments, env=self.env, folder=self.folder)
        self.others.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        """Another process on the same database; what it said."""
        return _manage(*arguments, env=self.env)

    @property
    def environment(self) -> dict[str, str]:
        """Environment for programs of a test's own on this database and Redis."""
        return clean_environment() | self.env

    def sql(self, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        """One statement of another program, committed; the rows it gives, if any."""
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as client:
            cursor = client.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def key(self, username: str) -> str:
        """A bearer key of this account, without the start of another process."""
        text = f"crl_{uuid.uuid4().hex}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.sql(
            "INSERT INTO api_keys (user_id, digest) SELECT id, %s FROM auth_user WHERE username = %s", digest, username
        )
        return text

    def _end(self) -> None:
        for process in (*self.webs, *self.others):
            if process.is_running:
                process.send(signal.SIGTERM)
        for process in (*self.webs, *self.others):
            with contextlib.suppress(AssertionError):
                process.wait()
            process.kill()
        with _server() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'.encode())
        self._folder.cleanup()


def _manage(*arguments: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment() | env,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def clean_environment() -> dict[str, str]:
    """Environment of this process without the tests' own settings, which reach no child by accident; and without a
    limit of rows, for tests tell one person of hundreds."""
    ours = ("DEBUG", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"ROWS_PER_MINUTE": "0"}


def _server() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address("postgres"), autocommit=True)


def address(name: str) -> str:
    with_name = connection.settings_dict
    user, password = with_name["USER"], with_name["PASSWORD"]
    account = f"{user}:{password}" if password else user
    return f"postgresql://{account}@{with_name['HOST'] or '127.0.0.1'}:{with_name['PORT'] or 5432}/{name}"
