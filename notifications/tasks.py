"""Tasks that this floor's hints and its schedule start."""

from celery import shared_task

from events.db import clock
from events.transport import hints
from notifications.holds import due
from notifications.routing import fanout


@shared_task(name=fanout.TASK)
def fan_out() -> None:
    """Notify one chunk each, then go to the end of the queue: what was published meanwhile goes first."""
    hints.clear(fanout.TASK)
    if fanout.advance_each(now=clock.now()):
        hints.send(fanout.TASK)


@shared_task(name=due.TASK)
def release() -> None:
    hints.clear(due.TASK)
    if due.release_due(now=clock.now()):
        hints.send(due.TASK)


@shared_task(name=due.HOURLY_TASK)
def release_all() -> None:
    """Release everything that is due, on the hour; twice or late changes nothing."""
    due.release_all(now=clock.now())
