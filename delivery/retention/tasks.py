"""What beat wakes each hour: pruning, a turn at a time."""

from __future__ import annotations

import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from delivery.retention import prune as pruning
from events.transport import hints

TASK = "delivery.prune"
# Seconds: a worker that is told to stop waits for its task.
TURN = 10.0


@shared_task(name=TASK)
def prune() -> None:
    """Late or twice is as good as once: what is left goes with the next turn."""
    hints.clear(TASK)
    end = time.monotonic() + TURN
    done = pruning.prune(
        now=timezone.now(),
        days=settings.NOTIFICATION_RETENTION_DAYS,
        archive_dir=settings.ARCHIVE_DIR,
        should_stop=lambda: time.monotonic() > end,
    )
    if not done.is_complete:
        hints.send(TASK)
