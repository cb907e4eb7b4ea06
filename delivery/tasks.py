"""Tasks that this floor's hints wake."""

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from delivery.outbox import outbox
from delivery.sender import drain, worker_lock
from events.transport import hints


@shared_task(name=outbox.TASK)
def send() -> None:
    hints.clear(outbox.TASK)
    drain.drain()


@worker_shutting_down.connect(weak=False)
def stop(**_signal: Any) -> None:
    """Tell the worker's forked processes too: they share what this sets, and only its own hears of the signal."""
    worker_lock.stop()
