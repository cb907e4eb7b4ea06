"""What this floor's hints wake."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from delivery import draining, one_drain
from delivery.outbox import outbox
from events.transport import hints


@shared_task(name=outbox.TASK)
def send() -> None:
    hints.clear(outbox.TASK)
    draining.drain()


@worker_shutting_down.connect(weak=False)
def stop(**_signal: Any) -> None:
    """A prefork worker's own process hears of it; those that it forked share what this sets."""
    one_drain.stop()
