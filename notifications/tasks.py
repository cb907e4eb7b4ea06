"""What this floor's hints wake."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from events import hints
from notifications import fanout


@shared_task(name=fanout.TASK)
def fan_out() -> None:
    """One chunk each, then to the end of the queue: what was published meanwhile goes first."""
    hints.clear(fanout.TASK)
    if fanout.advance_each(now=timezone.now()):
        hints.send(fanout.TASK)
