"""Sweep of this floor: finds the work whose hint was lost."""

from datetime import timedelta

from delivery.outbox import claim, outbox, recover, rescue
from delivery.sender import drain
from events.db import clock
from events.transport import hints

# What has been due for so long has outlived several hints: there may be no broker to carry them.
LOST_AFTER = timedelta(seconds=3)


def sweep() -> None:
    """Look for due deliveries, expired leases and recoveries on their way: five cheap queries when there are none."""
    now = clock.now()
    rescue.rescue(now=now)
    recover.advance_each(now=now)
    if claim.is_any_due(now=now):
        hints.send(outbox.TASK)
    if claim.is_any_due(now=now - LOST_AFTER):
        drain.drain_in_thread()
