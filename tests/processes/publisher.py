"""Drives `publish_on_demand` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Self

from tests.processes.environment import ROOT, Service


class Publisher:
    """Publishes job.completed by `user`, told to that user; the payload's name is `prefix-number`."""

    def __init__(self, service: Service, *, user: str) -> None:
        self.service, self.user = service, user

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.programs.publish_on_demand"],
            cwd=ROOT,
            env=self.service.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._child.communicate(timeout=20)

    def begin(self, prefix: str, *, count: int, pause: float = 0.0) -> list[str]:
        """Start; the names of what will be told. `finish` waits for it."""
        assert self._child.stdin
        self._child.stdin.write(f"{count} {pause} {prefix} {self.user}\n")
        self._child.stdin.flush()
        return [f"{prefix}-{number}" for number in range(count)]

    def finish(self) -> int:
        """Wait for the end; the number of times that the publishing thread had to do with Redis."""
        assert self._child.stdout
        line = self._child.stdout.readline()
        assert line, f"the publisher failed with {self._child.wait()}"
        return int(line)

    def publish(self, prefix: str, *, count: int, pause: float = 0.0) -> list[str]:
        names = self.begin(prefix, count=count, pause=pause)
        self.finish()
        return names
