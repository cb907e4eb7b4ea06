"""Celery task of retention: beat asks for it each hour, and it asks for itself until nothing is left."""

import time

from celery import shared_task

from delivery.conf import conf
from delivery.retention import prune as retention
from events.db import clock
from events.transport import hints

TASK = "delivery.prune"
# A worker that is told to stop waits for its task.
MAX_SECONDS = 10.0


@shared_task(name=TASK)
def prune() -> None:
    """Prune for some seconds. Late or twice is as good as once: what is left goes with the next task."""
    hints.clear(TASK)
    end = time.monotonic() + MAX_SECONDS
    done = retention.prune(
        now=clock.now(),
        days=conf.NOTIFICATION_RETENTION_DAYS,
        archive_dir=conf.ARCHIVE_DIR,
        should_stop=lambda: time.monotonic() > end,
    )
    if not done.is_complete:
        hints.send(TASK)
