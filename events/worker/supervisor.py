"""Threads that this process can't do without: when one ends unasked, the process is told."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

logger = logging.getLogger("carillon.supervise")


class Part(Protocol):
    """Work for a supervised thread: `run` blocks until `stop`, which any thread may call."""

    @property
    def name(self) -> str: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...


class Supervised:
    """A part in its own thread."""

    def __init__(self, part: Part, *, on_death: Callable[[str], None]) -> None:
        self._part = part
        self._on_death = on_death
        self._stopping = False
        # Daemon: a part that doesn't stop in time must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"carillon-{part.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout: float) -> bool:
        """Stop the part; True if it ended in time."""
        self._stopping = True
        if self._thread.ident is None:
            return True
        self._part.stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._part.run()
        except BaseException:
            # Even SystemExit: in a thread nobody else would hear of it.
            logger.critical("The %s thread died", self._part.name, exc_info=True)
        if not self._stopping:
            self._on_death(f"The {self._part.name} thread ended")
