"""Sweep of this floor: finds the work whose hint was lost."""

from datetime import timedelta

from django.db import Error

from delivery.address_health import servers
from delivery.monitoring.operator_alerts import OperatorAlerts
from delivery.outbox import account_addresses, claim, outbox, recover, rescue
from delivery.sender import drain
from events.db import clock
from events.transport import hints

# What has been due for so long has outlived several hints: there may be no broker to carry them.
LOST_AFTER = timedelta(seconds=3)
_watch, _alerts = rescue.Watch(), OperatorAlerts()
# The pending delivery up to which was looked for those of former addresses.
_looked_at = 0


def sweep() -> None:
    """Look for due deliveries, expired leases, recoveries on their way, and accounts whose e-mail has changed;
    now and then, whether admins have to know of something.

    Eight cheap queries when there are none.
    """
    global _looked_at  # noqa: PLW0603  one sweeper in each process
    try:
        now = clock.now()
        _watch.rescue(now=now)
    except Error:
        _watch.forget()
        raise
    recover.advance_each(now=now)
    servers.end_what_waits_too_long(now=now)
    _looked_at = account_addresses.move_unsent(after=_looked_at, now=now)
    if claim.is_any_due(now=now):
        hints.send(outbox.TASK)
    if claim.is_any_due(now=now - LOST_AFTER):
        drain.drain_in_thread()
    _alerts.advance(now=now)
