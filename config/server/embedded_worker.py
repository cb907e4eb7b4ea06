"""A Celery worker and beat inside this process, for the profile that needs no broker."""

from typing import Any

from celery import Celery
from celery.beat import Service
from django.db import connections

from delivery.sender import worker_lock

WORKER_THREADS = 4


class Worker:
    """Celery's worker on the in-memory broker. The bare controller touches no signal handlers of the process."""

    name = "worker"

    def __init__(self, app: Celery) -> None:
        self._controller: Any = app.WorkController(
            pool="threads",
            concurrency=WORKER_THREADS,
            hostname="embedded@localhost",
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )

    def run(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        # The pool waits for its tasks: the one that sends has to hear of it first.
        worker_lock.stop()
        self._controller.stop()


class Beat:
    name = "beat"

    def __init__(self, app: Celery) -> None:
        # It looks at its schedule every second, which is also how long it takes to stop.
        self._service: Any = Service(app, max_interval=1, scheduler_cls=app.conf.beat_scheduler)

    def run(self) -> None:
        try:
            self._service.start()
        finally:
            connections.close_all()

    def stop(self) -> None:
        self._service.stop()
