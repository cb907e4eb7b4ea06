"""Wake-ups for workers. The database is the truth: a hint that is lost costs a second, never an event.

Hints are handed to one thread of this process, so that a publisher never waits for a broker; those that say the same
coalesce, in this process by the thread and between processes by a flag that the worker clears before it looks.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time

import redis
from celery import current_app
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

FLAG_MS = 2000
PAUSE_AFTER_FAILURE = 5.0
# Where a worker has been called already, it may as well find some more when it comes.
BREATH = 0.01

Hint = tuple[str, tuple[str, ...]]


class _Waker:
    """The thread that sends. Started by the first hint; a forked child gets its own."""

    def __init__(self) -> None:
        self.wanted: dict[Hint, None] = {}
        self.flagged: dict[Hint, float] = {}
        self.changed = threading.Condition()
        self.broken_until = 0.0
        self.is_sending = False
        self.redis = _flags()
        threading.Thread(target=self._run, name="carillon-hints", daemon=True).start()

    def want(self, hint: Hint) -> None:
        with self.changed:
            self.wanted[hint] = None
            self.changed.notify_all()

    def clear(self, hint: Hint) -> None:
        """Called by the worker before it looks; what is published from here on sends a new hint."""
        with self.changed:
            self.flagged.pop(hint, None)
        if self.redis is not None and time.monotonic() >= self.broken_until:
            try:
                self.redis.delete(_key(hint))
            except redis.RedisError as error:
                self._broke(error)

    def drained(self, *, timeout: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: not self.wanted and not self.is_sending, timeout)

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: bool(self.wanted))
                hint = next(iter(self.wanted))
                del self.wanted[hint]
                self.is_sending = True
            is_new = True
            try:
                is_new = time.monotonic() >= self.broken_until and self._take_flag(hint)
                if is_new:
                    name, arguments = hint
                    current_app.send_task(name, args=arguments, ignore_result=True)
            except Exception as error:  # noqa: BLE001  kombu raises the transport's own kinds; the sweeper makes up for it
                self._broke(error)
            finally:
                with self.changed:
                    self.is_sending = False
                    self.changed.notify_all()
            if not is_new:
                time.sleep(BREATH)

    def _take_flag(self, hint: Hint) -> bool:
        """False if the same hint is on its way already, from here or from another process."""
        now = time.monotonic()
        with self.changed:
            if now < self.flagged.get(hint, 0.0):
                return False
            if self.redis is None:
                self.flagged[hint] = now + FLAG_MS / 1000
                return True
        return bool(self.redis.set(_key(hint), "1", nx=True, px=FLAG_MS))

    def _broke(self, error: Exception) -> None:
        """Circuit breaker: leave the broker alone for a while; the sweepers find the work meanwhile."""
        self.broken_until = time.monotonic() + PAUSE_AFTER_FAILURE
        logger.warning("hints pause for %.0f s, the sweepers take over: %s", PAUSE_AFTER_FAILURE, error)


_waker: _Waker | None = None
_starting = threading.Lock()


def send(task: str, *arguments: str) -> None:
    """Wake a worker for this task, soon and at most once for what is waiting. Never blocks, never raises."""
    _current().want((task, arguments))


def clear(task: str, *arguments: str) -> None:
    """The worker is about to look: hints from now on count anew."""
    _current().clear((task, arguments))


def flush(*, timeout: float = 2.0) -> bool:
    """Wait until what was sent so far has left this process."""
    return _waker is None or _waker.drained(timeout=timeout)


def _current() -> _Waker:
    global _waker  # noqa: PLW0603  one per process
    with _starting:
        if _waker is None:
            _waker = _Waker()
        return _waker


def _flags() -> redis.Redis | None:
    if not settings.REDIS_URL:
        return None
    # Its own way is to try four times, with pauses; the sweepers are quicker.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=once)


def _key(hint: Hint) -> str:
    task, arguments = hint
    return ":".join((settings.REDIS_PREFIX, "hint", task, *arguments))


def _forget_parent() -> None:
    """A forked child has none of its parent's threads, and may have been born while one of them held the lock."""
    global _waker, _starting
    _waker, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_parent)
# A short command such as `manage.py publish` ends right after its commit: let its hint out first.
atexit.register(flush, timeout=1.0)
