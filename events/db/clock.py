"""The one clock that leases, due times and next tries go by, whichever machine a worker runs on: the database's."""

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """One query; none on SQLite, whose clock is this machine's."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, as everywhere in the API."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
