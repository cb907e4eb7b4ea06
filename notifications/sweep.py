"""Sweep of this floor: work whose hint was lost, and holds that ended."""

from events.db import clock
from events.transport import hints
from notifications.holds import due
from notifications.routing import fanout


def sweep() -> None:
    """Do one chunk of each audience that waits, and of the people whose holds ended; two queries if none does.

    A crowd of the latter is handed to the workers, so that other sweeps don't wait for it.
    """
    fanout.advance_each(now=clock.now())
    if due.release_due(now=clock.now()):
        hints.send(due.TASK)
