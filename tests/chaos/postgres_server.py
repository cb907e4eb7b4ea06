"""PostgreSQL of the harness's own: it may be stopped, killed, frozen, filled up, and made to refuse."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, LiteralString, Self

import psutil
import psycopg

from tests.processes.environment import free_port

SMALL_DISK = "400m"
# Of the harness itself: it looks at the database while that is read-only or cuts every statement off.
_OPTIONS = "-c default_transaction_read_only=off -c statement_timeout=0"


class NoPostgresError(Exception):
    """No server of our own can be started here; the text says why."""


def check() -> None:
    """Raises NoPostgresError where no server of our own can be started."""
    _binaries()
    _account()


def _binaries() -> Path:
    """Folder of initdb and postgres. Raises NoPostgresError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if config := shutil.which("pg_config"):
        found.append(Path(subprocess.check_output([config, "--bindir"], text=True).strip()))
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("initdb and postgres were not found")


def _account() -> str | None:
    """Name of the account to run as: postgres refuses root. Raises NoPostgresError."""
    if os.geteuid():
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NoPostgresError("PostgreSQL doesn't run as root, and there is no account named postgres") from None


class PostgresServer:
    """Database `carillon` on a free port, on a small disk of its own where one can be mounted (by root)."""

    def __init__(self) -> None:
        self._binaries, self._account = _binaries(), _account()
        self.port = free_port()
        self.has_small_disk = False
        self.url = f"postgres://carillon@127.0.0.1:{self.port}/carillon"

    def __enter__(self) -> Self:
        with ExitStack() as made:
            self._make(made)
            self._made = made.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._made.close()

    def _make(self, made: ExitStack) -> None:
        """Make folders, disk, server and database; what is made ends with `made`, in the other order."""
        self._folder = Path(tempfile.mkdtemp(prefix="carillon-postgres-"))
        made.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._small, self._data = self._folder / "small", self._folder / "data"
        self._small.mkdir()
        self._mount(made)
        self._give_away(self._folder, self._small)
        initdb: list[str | Path] = [self._binaries / "initdb", "-D", self._data, "-U", "carillon", "-A", "trust"]
        initdb += ["--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=self._account)
        self.start()
        made.callback(self.stop)
        made.callback(self.thaw)
        self.administrate("CREATE DATABASE carillon" + self._tablespace())
        self.version = str(self.administrate("SHOW server_version")[0][0])

    def start(self) -> None:
        """Start it; return when it takes connections."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "max_connections": 200, "fsync": "off"}
        settings |= {"unix_socket_directories": self._folder}
        command: list[str | Path] = [self._binaries / "postgres", "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, user=self._account, cwd=self._folder)
        self._wait()

    def stop(self) -> None:
        """Fast shutdown, in which sessions are cut off."""
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
        self._server.wait(30)

    def kill_backends(self) -> None:
        """SIGKILL one session: the server takes all of them down and recovers from its log, as after a crash."""
        for child in psutil.Process(self._server.pid).children():
            with suppress(psutil.Error):
                if "carillon" in " ".join(child.cmdline()):
                    child.kill()
                    break
        time.sleep(0.2)
        self._wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def fill_disk(self) -> None:
        """Fill the small disk to its last byte."""
        block = b"\0" * 65536
        with suppress(OSError), (self._small / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(block) == len(block):
                pass

    def free_disk(self) -> None:
        (self._small / "ballast").unlink(missing_ok=True)

    def administrate(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        return self.sql(statement.encode(), database=database)

    def sql(
        self, statement: LiteralString | bytes, *parameters: object, database: str = "carillon"
    ) -> list[tuple[Any, ...]]:
        """One statement of the harness, committed; the rows it gives, if any."""
        with self.connect(database) as client:
            cursor = client.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str = "carillon") -> psycopg.Connection[tuple[Any, ...]]:
        address = f"postgresql://carillon@127.0.0.1:{self.port}/{database}"
        return psycopg.connect(address, autocommit=True, options=_OPTIONS, connect_timeout=5)

    def _mount(self, made: ExitStack) -> None:
        if os.geteuid() == 0:
            mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", self._small]
            self.has_small_disk = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        if self.has_small_disk:
            made.callback(self._unmount)

    def _unmount(self) -> None:
        subprocess.run(["umount", self._small], check=False)

    def _tablespace(self) -> str:
        if not self.has_small_disk:
            return ""
        self.administrate(f"CREATE TABLESPACE small LOCATION '{self._small}'")
        return " TABLESPACE small"

    def _give_away(self, *folders: Path) -> None:
        if self._account:
            for folder in folders:
                shutil.chown(folder, self._account)

    def _signal(self, number: signal.Signals) -> None:
        """Send it to the server and all its sessions; one may end meanwhile."""
        if self._server.poll() is None:
            server = psutil.Process(self._server.pid)
            for process in (server, *server.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            with suppress(psycopg.Error), self.connect("postgres"):
                return
            assert self._server.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL doesn't answer"
            time.sleep(0.05)
