"""Password hashing by turns, behind all else: a hash keeps a core busy for a third of a second, and others need one for
some milliseconds."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.translation import gettext

from config.try_later import TryLaterError

AT_ONCE = 2
# Each of them holds a request's turn meanwhile.
MOST_WAITING = 6
WAIT_SECONDS = 10.0
RETRY_SECONDS = 2
# Of the threads that hash. At 0 they would get a core as often as the threads that answer everybody else.
NICENESS = 10


class HashTurns:
    """Turns of threads: so many hash at once in this process, and few more wait, not for long."""

    def __init__(
        self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._room = threading.BoundedSemaphore(at_once + most_waiting)
        self._turns = threading.BoundedSemaphore(at_once)
        self._wait_seconds = wait_seconds

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it. TryLaterError (503) where too many wait, or it doesn't come in time."""
        with _held(self._room, seconds=0), _held(self._turns, seconds=self._wait_seconds):
            yield


@contextlib.contextmanager
def _held(places: threading.Semaphore, *, seconds: float) -> Iterator[None]:
    if not places.acquire(timeout=seconds):
        detail = gettext("Too many people are signing in right now. Try again in a moment.")
        raise TryLaterError(detail, code="busy", seconds=RETRY_SECONDS)
    try:
        yield
    finally:
        places.release()


def _stand_back() -> None:
    # Elsewhere it would be the whole process.
    if sys.platform == "linux":
        os.nice(NICENESS)


turns = HashTurns()
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="carillon-hashes", initializer=_stand_back)


class TurnTakingHasher(PBKDF2PasswordHasher):
    """Django's hasher, by turns: for whoever signs in, changes a password or makes an account."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with turns.turn():
            return _threads.submit(super().encode, password, salt, iterations).result()
