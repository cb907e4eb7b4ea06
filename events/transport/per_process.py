"""Objects of which each process has one of its own: those with a thread, a loop or a connection."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One object, made when it is first needed; a forked child makes its own.

    The child has none of its parent's threads, and may have been born while one of them held a lock.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._making = threading.Lock()
        os.register_at_fork(after_in_child=self.reset)

    def get(self) -> T:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def existing(self) -> T | None:
        return self._made

    def reset(self) -> None:
        """Forget the object: the next who needs it makes one with the settings as they are then."""
        self._made = None
        self._making = threading.Lock()
