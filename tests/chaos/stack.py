"""The service profile as it runs in production: web x2, worker x2 and beat, on servers that the harness may break."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import psutil
from django.conf import settings

from tests.chaos import cast, sinks
from tests.chaos.postgres_server import PostgresServer
from tests.processes.environment import Process, free_port, wait_until_ready
from tests.processes.redis_server import RedisServer
from tests.processes.websocket_client import Listener

WEBS, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2")
NAMES = (*WEBS, *WORKERS, "beat")
# Seconds; more of them than a fault lasts.
RETRY_DELAYS = "1,2,4,8,16"
WORKER = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2")
BEAT = ("-m", "celery", "-A", "config", "beat")


class Stack:
    """All that runs. `ended`: processes that went untold; they are started again."""

    def __enter__(self) -> Self:
        self._open = ExitStack()
        try:
            self._enter()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def _enter(self) -> None:
        for name in ("mail.log", "httpx"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="carillon-chaos-")))
        self.ledger = sinks.Ledger(self.folder / "receipts.jsonl")
        self._open.callback(self.ledger.close)
        self.postgres = self._open.enter_context(PostgresServer())
        self.redis = self._open.enter_context(RedisServer())
        self.http = self._open.enter_context(sinks.http_sink(self.ledger))
        self.mail = sinks.MailSink(self.ledger)
        self.mail.start()
        self._open.callback(self.mail.stop)
        self.env = {
            "DEBUG": "true",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": settings.SECRET_KEY,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_TIMEOUT_SECONDS": "2",
            "WEBHOOK_RETRY_DELAYS": RETRY_DELAYS,
            # Each event is a mail of its own, however many that are.
            "MAILS_PER_HOUR": "0",
        }
        self.manage("migrate", "--verbosity", "0")
        self.people = cast.make(self.postgres, http_port=self.http.port)
        self.ports = {name: free_port() for name in WEBS}
        self.processes: dict[str, Process] = {}
        self.ended: list[str] = []
        self._held: set[str] = set()
        self._lock = threading.RLock()
        self._open.callback(self._end)
        for name in NAMES:
            self.start(name)
        self.wait_until_ready()
        self._keeping = threading.Event()
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        self._open.callback(keeper.join, 30)
        self._open.callback(self._keeping.set)
        self.listeners = [self._listen(person, web) for person in self.people.values() for web in WEBS]

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    def manage(self, *arguments: str) -> None:
        process = Process("manage.py", *arguments, env=self.env, folder=self.folder)
        try:
            assert process.wait(timeout=120) == 0, process.output
        finally:
            process.kill()

    def start(self, name: str, *, command: tuple[str, ...] = ()) -> Process:
        """Start it, or `command` in its place; it is kept running until `kill` or `stop`."""
        with self._lock:
            if not command and name in self.ports:
                command = ("manage.py", "web", "--port", str(self.ports[name]))
            elif not command:
                command = BEAT if name == "beat" else WORKER
            self.processes[name] = Process(*command, env=self.env, folder=self.folder)
            self._held.discard(name)
            return self.processes[name]

    def kill(self, name: str) -> None:
        """SIGKILL, for its children too; it stays away until it is started."""
        with self._lock:
            self._held.add(name)
            self.processes[name].kill()

    def stop(self, name: str) -> None:
        """SIGTERM; it stays away until it is started."""
        with self._lock:
            self._held.add(name)
        self.processes[name].stop()

    def hold(self, name: str) -> None:
        """Leave it alone: it is about to die on purpose."""
        with self._lock:
            self._held.add(name)

    def restart_all(self, **env: str) -> None:
        """Stop everything and start it in an environment that differs so."""
        self.env |= env
        for name in NAMES:
            self.hold(name)
            self.processes[name].send(signal.SIGTERM)
        for name in NAMES:
            self.processes[name].stop()
            self.start(name)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for name, url in zip(WEBS, self.urls, strict=True):
            wait_until_ready(self.processes[name], url)

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process; of a pool, of its largest, which shares most of them with the others."""
        with self._lock:
            running = {name: process for name, process in self.processes.items() if process.is_running}
        return {name: _resident(process.pid) for name, process in running.items()}

    def output(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _listen(self, person: cast.Person, web: str) -> Listener:
        listener = Listener(f"http://127.0.0.1:{self.ports[web]}", key=person.key)
        thread = threading.Thread(target=listener.run, daemon=True)
        thread.start()
        self._open.callback(thread.join, 10)
        self._open.callback(listener.stop)
        assert listener.greeted.wait(30), f"{listener.url} sent no hello"
        return listener

    def _keep(self) -> None:
        while not self._keeping.wait(0.2):
            with self._lock:
                gone = [name for name in NAMES if name not in self._held and not self.processes[name].is_running]
                for name in gone:
                    self.ended.append(f"{name} ended with {self.processes[name].wait()}")
                    self.start(name)

    def _end(self) -> None:
        for process in self.processes.values():
            if process.is_running:
                process.send(signal.SIGTERM)
        for process in self.processes.values():
            process.stop()
        assert self.left() == [], "processes are left"

    def left(self) -> list[int]:
        """Processes of this stack that outlive it: whoever has its database in the environment."""
        ours = f"DATABASE_URL={self.postgres.url}"
        return [one.pid for one in psutil.process_iter() if one.pid != os.getpid() and ours in _environment(one)]


def wait_for(holds: Callable[[], bool], *, timeout: float) -> bool:
    """Look twenty times a second; False if it doesn't hold in time."""
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _resident(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return max(one.memory_info().rss for one in [process, *process.children(recursive=True)])
    except psutil.Error:
        return 0


def _environment(process: psutil.Process) -> list[str]:
    try:
        return [f"{name}={value}" for name, value in process.environ().items()]
    except psutil.Error:
        return []
