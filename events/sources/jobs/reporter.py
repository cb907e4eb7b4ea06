"""The thread that writes for the jobs of this process: signs of life, progress, and ends that could not be written.

It has a database connection of its own, so that progress is seen at once and signs of life go on while a job sits in
a long transaction. It exists only while there are jobs.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, connections

from events.conf import conf
from events.sources.jobs import lifecycle
from events.transport import outages
from events.transport.per_process import PerProcess

PROGRESS_SECONDS = 0.5
RETRY_SECONDS = 2.0
RELEASE_SECONDS = 5.0
MOST_UNWRITTEN = 1000

Payload = dict[str, Any]


def lease() -> timedelta:
    """Time for which a job outlives its last sign of life."""
    return timedelta(seconds=conf.JOB_LEASE_SECONDS)


@dataclass(slots=True)
class Live:
    """A job that this process runs. `is_inline`: in the caller's transaction, where no other connection can see it."""

    pk: int
    is_inline: bool
    # On top of the lease: while the broker may still give the job to another worker, it isn't lost.
    patience: timedelta = timedelta()
    waiting: Payload | None = None
    published_at: float = 0.0
    is_publishing: bool = False

    def report(self, share: float, message: str) -> None:
        """Progress, told at most twice a second; of what comes faster the last is kept."""
        payload: Payload = {"progress": share}
        if message:
            payload["message"] = lifecycle.text(message)
        if self.is_inline:
            self.waiting = payload
            if self.may_publish():
                _publish_progress(self)
        else:
            reporter = _reporter.get()
            with reporter.changed:
                self.waiting = payload
                reporter.changed.notify_all()

    def may_publish(self) -> bool:
        return time.monotonic() - self.published_at >= PROGRESS_SECONDS


class _Reporter:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: dict[int, Live] = {}
        self.unwritten: deque[Callable[[], object]] = deque(maxlen=MOST_UNWRITTEN)
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Called under `changed`."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="carillon-jobs", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        beat_at = time.monotonic()
        try:
            while True:
                with self.changed:
                    if not self.jobs and not self.unwritten:
                        self.thread = None
                        return
                    self.changed.wait(self._pause(beat_at))
                    due = [live for live in self.jobs.values() if live.waiting is not None and live.may_publish()]
                    alive = list(self.jobs.values())
                for live in due:
                    _publish_progress(live)
                self._write()
                if time.monotonic() >= beat_at:
                    attempt(partial(_heartbeat, alive), warning="Signs of life of jobs could not be written")
                    beat_at = time.monotonic() + lease().total_seconds() / 5
        finally:
            connections.close_all()

    def _pause(self, beat_at: float) -> float:
        now = time.monotonic()
        progress = [live.published_at + PROGRESS_SECONDS for live in self.jobs.values() if live.waiting is not None]
        unwritten = [now + RETRY_SECONDS] if self.unwritten else []
        return max(0.0, min([beat_at, *progress, *unwritten]) - now)

    def _write(self) -> None:
        for _ in range(len(self.unwritten)):
            write = self.unwritten.popleft()
            if not attempt(write, warning="The end of a job could not be written; it will be tried again"):
                self.unwritten.appendleft(write)
                return


# A forked child runs none of its parent's jobs.
_reporter = PerProcess(_Reporter)


def watch(live: Live) -> None:
    """Show the job's signs of life and publish its progress, from now on."""
    if not live.is_inline:
        reporter = _reporter.get()
        with reporter.changed:
            reporter.jobs[live.pk] = live
            reporter.start()
            reporter.changed.notify_all()


def release(live: Live) -> Payload | None:
    """Stop reporting a job that has stopped running; the progress that was not published yet."""
    reporter = _reporter.get()
    with reporter.changed:
        # What is just being told must come before the end, and is the last if nothing waits.
        reporter.changed.wait_for(lambda: not live.is_publishing, RELEASE_SECONDS)
        reporter.jobs.pop(live.pk, None)
        reporter.changed.notify_all()
        waiting, live.waiting = live.waiting, None
    return waiting


def write(what: Callable[[], object], *, warning: str) -> None:
    """Write now; where the database is away, again later from the thread. Never raises."""
    is_written = attempt(what, warning=warning)
    if not is_written and not connection.in_atomic_block:
        reporter = _reporter.get()
        with reporter.changed:
            reporter.unwritten.append(what)
            reporter.start()


def _publish_progress(live: Live) -> None:
    reporter = _reporter.get()
    with reporter.changed:
        payload, live.waiting = live.waiting, None
        live.published_at, live.is_publishing = time.monotonic(), True
    if payload is not None:
        attempt(partial(lifecycle.progress, live.pk, payload), warning="Progress could not be told")
    with reporter.changed:
        live.is_publishing = False
        reporter.changed.notify_all()


def _heartbeat(alive: list[Live]) -> None:
    for patience in {live.patience for live in alive}:
        lifecycle.heartbeat([live.pk for live in alive if live.patience == patience], lease=lease() + patience)


def attempt(what: Callable[[], object], *, warning: str) -> bool:
    """Write now or not at all. Publishing must never break a job: what the database says is logged."""
    try:
        what()
    except (DatabaseError, InterfaceError) as error:
        outages.note(__name__, warning, error, in_a_line=True)
        if not connection.in_atomic_block:
            connection.close()
        return False
    return True
