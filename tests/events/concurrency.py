"""Transactions that fail, threads that run at once, each with a connection of its own, and forked children."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that ends as a failed one does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def until(holds: Callable[[], object], *, timeout: float = 60.0) -> None:
    """Block until it holds; AssertionError if that takes longer than a stalling machine explains."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout} s"
        time.sleep(0.01)


class Running:
    """One thread; `join` gives its result or raises what it raised."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job = job
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._job()
        except BaseException as error:  # noqa: BLE001  whatever it is, `join` raises it
            self._error = error
        finally:
            connection.close()

    def join(self, *, timeout: float = 60.0) -> Any:
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise AssertionError(f"{self._job} did not end within {timeout} s")
        if self._error is not None:
            raise self._error
        return self._result


def at_once(*jobs: Callable[[], object]) -> list[Any]:
    """Run them all together, starting at the same moment; their results."""
    together = threading.Barrier(len(jobs))

    def after_all(job: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            together.wait()
            return job()

        return run

    return [running.join() for running in [Running(after_all(job)) for job in jobs]]


def holds_in_a_fork(check: Callable[[], object]) -> bool:
    """Run the check in a forked child, which ends at once without its parent's clean-up; an exception is False."""
    child = os.fork()
    if child == 0:
        # Should it wait for ever, it ends all the same.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
