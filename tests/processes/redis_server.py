"""A Redis of a test's own, which it may freeze, empty, stop and start again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from typing import Self

import pytest
import redis

from tests.processes.environment import free_port


class RedisServer:
    """redis-server on a free port, keeping nothing: what it forgets at its end is what a lost Redis forgets."""

    def __init__(self) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is not installed here; these tests break one of their own")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="carillon-redis-")
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.thaw()
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        command = ("redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no")
        self._server = subprocess.Popen(command, cwd=self._folder.name, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server doesn't answer"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(10)

    def kill(self) -> None:
        self._server.kill()
        self._server.wait(10)

    def freeze(self) -> None:
        """Make it take connections and bytes, and answer nothing."""
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def drop_subscribers(self) -> None:
        """Cut the connections that listen, and no others."""
        with redis.Redis(port=self.port) as client:
            client.client_kill_filter(_type="pubsub")

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
