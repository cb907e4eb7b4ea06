"""Policy of failures: trouble of the database counts for nothing, else an event has three tries and then is parked."""

import traceback
from datetime import datetime, timedelta

from events.models import ParkedEvent, Subscriber

# After the first failed try of a lone event 1 s, after the second 5 s, after the third it is parked.
_PAUSES = (timedelta(seconds=1), timedelta(seconds=5))


def next_try(attempts: int, *, now: datetime) -> datetime | None:
    """Schedule the try after one more failure than these; None: no more, park it."""
    return now + _PAUSES[attempts] if attempts < len(_PAUSES) else None


def described(error: Exception) -> str:
    """The end of the traceback, which says most."""
    return "".join(traceback.format_exception(error))[-8000:]


def park(row: Subscriber, *, event_id: int, error: str) -> None:
    """Leave an event aside for an admin, in the caller's transaction, which holds the subscriber's lock."""
    ParkedEvent.objects.update_or_create(subscriber=row, event_id=event_id, defaults={"error": error})
