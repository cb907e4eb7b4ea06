"""Sweep of this floor: finds the work whose hint was lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import Error

from delivery.outbox import account_addresses, claim, outbox, recover, rescue
from delivery.sender import drain
from events.db import clock
from events.transport import hints

# What has been due for so long has outlived several hints: there may be no broker to carry them.
LOST_AFTER = timedelta(seconds=3)
# Seconds that workers have, once a database that was away or slow answers, to write what they know of their attempts.
SETTLE_FIRST = 6.0
SLOW = 2.0
_rescue_from = 0.0
# The pending delivery up to which was looked for those of former addresses.
_looked_at = 0


def sweep() -> None:
    """Look for due deliveries, expired leases, recoveries on their way, and accounts whose e-mail has changed.

    Six cheap queries when there are none.
    """
    global _looked_at  # noqa: PLW0603  one sweeper in each process
    with _trouble_noted():
        now = clock.now()
    if time.monotonic() >= _rescue_from:
        with _trouble_noted():
            rescue.rescue(now=now)
    recover.advance_each(now=now)
    _looked_at = account_addresses.move_unsent(after=_looked_at, now=now)
    if claim.is_any_due(now=now):
        hints.send(outbox.TASK)
    if claim.is_any_due(now=now - LOST_AFTER):
        drain.drain_in_thread()


@contextmanager
def _trouble_noted() -> Iterator[None]:
    """Put rescue off after a look at the database that failed or took long: leases ran out meanwhile unasked."""
    global _rescue_from  # noqa: PLW0603  one sweeper in each process
    began = time.monotonic()
    try:
        yield
    except Error:
        _rescue_from = time.monotonic() + SETTLE_FIRST
        raise
    if time.monotonic() - began > SLOW:
        _rescue_from = time.monotonic() + SETTLE_FIRST
