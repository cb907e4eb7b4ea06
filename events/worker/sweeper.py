"""The thread that looks every second for what no hint announced: nothing waits for a lost message."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from celery.worker import state as worker_state
from django.apps import apps
from django.db import connections
from django.utils.module_loading import import_string

from events.conf import conf
from events.transport import outages
from events.worker.run_step import WorkerStep

logger = logging.getLogger("carillon.sweeper")

INTERVAL = 1.0
LONGEST_PAUSE = 5.0

Sweep = Callable[[], object]


def configured() -> list[Sweep]:
    """Sweeps that the project names, or those of the installed apps (`sweeps` of their AppConfig), in their order."""
    of_apps = (path for app in apps.get_app_configs() for path in getattr(app, "sweeps", ()))
    return [import_string(path) for path in (of_apps if conf.SWEEPS is None else conf.SWEEPS)]


class Sweeper:
    """Runs the sweeps in one thread until stopped; a sweep that fails is logged, and tried again a little later."""

    name = "sweeper"

    def __init__(self, sweeps: Sequence[Sweep], *, interval: float = INTERVAL) -> None:
        self._sweeps = sweeps
        self._interval = interval
        self._stopping = threading.Event()
        self._failures = 0

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self.round()
                self._stopping.wait(self.pause)
        finally:
            connections.close_all()

    def stop(self) -> None:
        self._stopping.set()

    @property
    def pause(self) -> float:
        """Seconds until the next round: longer, but never long, while rounds fail."""
        return min(self._interval * 2.0**self._failures, max(LONGEST_PAUSE, self._interval))

    def round(self) -> None:
        """Every sweep once. One that fails costs the others nothing."""
        failed = [sweep for sweep in self._sweeps if not self._succeeds(sweep)]
        if failed:
            # Whatever broke may have broken the connection: the next round gets a new one.
            connections.close_all()
            self._failures = min(self._failures + 1, 10)
        else:
            self._failures = 0

    def _succeeds(self, sweep: Sweep) -> bool:
        try:
            sweep()
        except Exception as error:  # noqa: BLE001  one that fails costs the others nothing
            name = getattr(sweep, "__qualname__", repr(sweep))
            outages.note("carillon.sweeper", f"Sweep {sweep.__module__}.{name} failed", error)
            return False
        return True


class SweeperStep(WorkerStep):
    """The sweeper of a `celery worker` process. One that dies takes the worker along.

    It starts before the worker has a broker, so that one started while Redis is away does the work nevertheless.
    """

    def start(self, parent: Any) -> None:
        self._sweeper = Sweeper(configured())
        self._thread = threading.Thread(target=self._run, name=Sweeper.name, daemon=True)
        self._thread.start()

    def stop(self, parent: Any) -> None:
        self._sweeper.stop()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._sweeper.run()
        except BaseException:
            logger.critical("The sweeper died; stopping the worker", exc_info=True)
            # Celery's loop looks at it, shuts down warmly and exits with this code.
            worker_state.should_stop = 1  # type: ignore[assignment]
            raise
