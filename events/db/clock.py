"""The one clock that all decisions go by, whichever machine a process runs on: the database's.

Routing, holds, signatures, waiting times, leases, due times and next tries. On SQLite it is this machine's.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

# Seconds after which an estimate looks at the clock again.
LOOK_EVERY = 60.0
# A machine that differs by more says so.
MOST_OFF = timedelta(seconds=60)


class Look(NamedTuple):
    """Reading of the clock, this process's monotonic one just after, and how far ahead this machine's was."""

    at: datetime
    monotonic: float
    ahead: timedelta


_last: Look | None = None


def now() -> datetime:
    """Look at the clock: one query; none on SQLite."""
    global _last  # noqa: PLW0603  one clock in each process
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    _last = Look(at, time.monotonic(), timezone.now() - at)
    return at


def estimate() -> datetime:
    """Reckon from the last look; a query only where that is a minute old. Never ahead by more than clocks drift."""
    if _last is None or time.monotonic() - _last.monotonic > LOOK_EVERY:
        return now()
    return known()


def known() -> datetime:
    """Reckon from the last look, however old, and without a query: for event loops. LookupError before the first."""
    if connection.vendor != "postgresql":
        return timezone.now()
    if _last is None:
        raise LookupError("the database has not been asked for the time yet")
    return _last.at + timedelta(seconds=time.monotonic() - _last.monotonic)


def ahead() -> timedelta:
    """Tell how far this machine's clock was ahead of the database's at the last look; behind is negative."""
    return _last.ahead if _last else timedelta()


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, as everywhere in the API."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
