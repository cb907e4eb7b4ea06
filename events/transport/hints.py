"""Wake-ups for workers. The database is the truth: a hint that is lost costs a second, never an event.

Hints are handed to one thread of this process, so that a publisher never waits for a broker. Equal ones coalesce, in
this process by the thread and between processes by a flag that the worker clears before it looks.
"""

import atexit
import threading
import time

import redis
from celery import current_app

from events.conf import conf
from events.transport import redis_client
from events.transport.per_process import PerProcess
from events.transport.redis_client import CircuitBreaker

FLAG_MS = 2000
PAUSE_AFTER_FAILURE = 5.0
# Where a worker has been called already, it may as well find some more when it comes.
COALESCE_SECONDS = 0.01

Hint = tuple[str, tuple[str, ...]]


class _Sender:
    """The thread that sends, started by the first hint."""

    def __init__(self) -> None:
        self.waiting: dict[Hint, None] = {}
        self.flags: dict[Hint, float] = {}
        self.changed = threading.Condition()
        self.is_sending = False
        # The sweepers find the work meanwhile.
        self.breaker = CircuitBreaker("hints pause, and the sweepers take over,", seconds=PAUSE_AFTER_FAILURE)
        threading.Thread(target=self._run, name="carillon-hints", daemon=True).start()

    def put(self, hint: Hint) -> None:
        with self.changed:
            self.waiting[hint] = None
            self.changed.notify_all()

    def clear_flag(self, hint: Hint) -> None:
        with self.changed:
            self.flags.pop(hint, None)
        client = redis_client.client()
        if client is not None and not self.breaker.is_open:
            try:
                client.delete(_key(hint))
            except redis.RedisError as error:
                self.breaker.open(error)

    def wait_until_idle(self, *, timeout: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: not self.waiting and not self.is_sending, timeout)

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: bool(self.waiting))
                hint = next(iter(self.waiting))
                del self.waiting[hint]
                self.is_sending = True
            is_new = True
            try:
                is_new = not self.breaker.is_open and self._take_flag(hint)
                if is_new:
                    task, arguments = hint
                    current_app.send_task(task, args=arguments, ignore_result=True)
            except Exception as error:  # noqa: BLE001  kombu raises the transport's own kinds; the sweeper makes up for it
                self.breaker.open(error)
            finally:
                with self.changed:
                    self.is_sending = False
                    self.changed.notify_all()
            if not is_new:
                time.sleep(COALESCE_SECONDS)

    def _take_flag(self, hint: Hint) -> bool:
        """False if an equal hint is on its way already, from here or from another process."""
        client = redis_client.client()
        now = time.monotonic()
        with self.changed:
            if now < self.flags.get(hint, 0.0):
                return False
            if client is None:
                self.flags[hint] = now + FLAG_MS / 1000
                return True
        return bool(client.set(_key(hint), "1", nx=True, px=FLAG_MS))


_sender = PerProcess(_Sender)
reset = _sender.reset


def send(task: str, *arguments: str) -> None:
    """Wake a worker for this task, soon and at most once for what is waiting. Never blocks, never raises."""
    _sender.get().put((task, arguments))


def clear(task: str, *arguments: str) -> None:
    """Let hints count anew, because a worker is about to look: what is published from here on sends a new one."""
    _sender.get().clear_flag((task, arguments))


def flush(*, timeout: float = 2.0) -> bool:
    """Wait until all hints sent so far have left this process."""
    sender = _sender.existing()
    return sender is None or sender.wait_until_idle(timeout=timeout)


def _key(hint: Hint) -> str:
    task, arguments = hint
    return ":".join((conf.REDIS_PREFIX, "hint", task, *arguments))


# A short command such as `manage.py publish` ends right after its commit: let its hint out first.
atexit.register(flush, timeout=1.0)
