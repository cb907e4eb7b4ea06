"""Policy of failures: trouble of the database counts for nothing, else an event has three tries and then is parked."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError

from events.models import ParkedEvent, Subscriber

# After the first failed try of a lone event 1 s, after the second 5 s, after the third it is parked.
_PAUSES = (timedelta(seconds=1), timedelta(seconds=5))
_LOCK_TIMEOUT = "55P03"


def is_passing(error: Exception) -> bool:
    """Connection (08), serialization and deadlock (40), operator intervention (57P), and SQLite's lock."""
    if sqlstate := _sqlstate(error):
        return sqlstate.startswith(("08", "40", "57P"))
    return isinstance(error, OperationalError) and ("locked" in str(error) or "connection" in str(error))


def is_lock_timeout(error: Exception) -> bool:
    """Others hold what it needs: fewer events need less."""
    return _sqlstate(error) == _LOCK_TIMEOUT


def next_try(attempts: int, *, now: datetime) -> datetime | None:
    """Schedule the try after one more failure than these; None: no more, park it."""
    return now + _PAUSES[attempts] if attempts < len(_PAUSES) else None


def described(error: Exception) -> str:
    """The end of the traceback, which says most."""
    return "".join(traceback.format_exception(error))[-8000:]


def park(row: Subscriber, *, event_id: int, error: str) -> None:
    """Leave an event aside for an admin, in the caller's transaction, which holds the subscriber's lock."""
    ParkedEvent.objects.update_or_create(subscriber=row, event_id=event_id, defaults={"error": error})


def _sqlstate(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    return getattr(cause, "sqlstate", None) or ""
