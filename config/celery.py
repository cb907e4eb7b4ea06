"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import gc
import os
import time
from typing import Any

from celery import Celery
from celery.signals import task_postrun

from delivery.celery import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery runs all system checks in workers and beat and looks at no outcome; they load each page and the API, 18 MB.
# Before each start `migrate` and the web processes run them, and stop.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
SECONDS_BETWEEN_COLLECTIONS = 60.0


class Collection:
    """Search of a worker's process for cycles once its task has ended, at most one a minute: some ten milliseconds.

    Tasks leave a few cycles each. Python searches after so many new objects (`config.apps`) that these were old by then
    and lay for a quarter of an hour: a process grew by 0.2 MB a minute.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()

    def after_task(self, **_signal: Any) -> None:
        if (now := time.monotonic()) - self._last >= SECONDS_BETWEEN_COLLECTIONS:
            self._last = now
            gc.collect()


app = Celery("carillon", task_cls="events.transport.celery_task:QueueTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
configure(app)
collection = Collection()
task_postrun.connect(collection.after_task)
