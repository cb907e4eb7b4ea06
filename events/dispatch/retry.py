"""Policy of failures: trouble of the server counts for nothing, else an event has three tries and then is left aside.

What is known to be bad is parked for an admin; anything else is set aside and tried again for as long as it takes.
"""

import logging
import traceback
from datetime import datetime, timedelta

from django.db import transaction

from events.db.errors import Fault, fault
from events.entities import Entity
from events.errors import Refused
from events.log.publish import publish
from events.models import Event, ParkedEvent, Subscriber

logger = logging.getLogger(__name__)

SET_ASIDE = "system.event_set_aside"
# After the first failed try of a lone event 1 s, after the second 5 s, after the third it is left aside.
_PAUSES = (timedelta(seconds=1), timedelta(seconds=5))
TRIES = len(_PAUSES) + 1
# Until what was set aside is tried again: twice as long after each try.
_FIRST, _LONGEST = timedelta(seconds=10), timedelta(hours=1)


def next_try(attempts: int, *, now: datetime) -> datetime | None:
    """Schedule the try after one more failure than these; None: no more, leave it aside."""
    return now + _PAUSES[attempts] if attempts < len(_PAUSES) else None


def next_look(attempts: int, *, now: datetime) -> datetime:
    """Schedule the next try of what is set aside and has failed so often since."""
    return now + min(_FIRST * (1 << min(attempts, 10)), _LONGEST)


def described(error: Exception) -> str:
    """The end of the traceback, which says most."""
    return "".join(traceback.format_exception(error))[-8000:]


def leave_aside(row: Subscriber, event: Event, error: Exception, *, now: datetime) -> None:
    """Park the event, or set it aside, in the caller's transaction, which holds the subscriber's lock.

    That this is written is the proof that the database takes writes: where it doesn't, nothing is given up.
    """
    retry_at = None if fault(error) is Fault.BAD else next_look(0, now=now)
    kept = {"error": described(error), "retry_at": retry_at, "attempts": 0}
    ParkedEvent.objects.update_or_create(subscriber=row, event=event, defaults=kept)
    logger.error("subscriber %s %s event %s: %s", row.name, "set aside" if retry_at else "parked", event.pk, error)
    if retry_at:
        tell_set_aside(row, event, error)


def tell_set_aside(row: Subscriber, event: Event, error: Exception) -> None:
    """Publish one `system.event_set_aside` for the first of a subscriber that waits; of the others the pages tell."""
    others = ParkedEvent.objects.filter(subscriber=row, retry_at__isnull=False).exclude(event=event)
    if event.event_type.name == SET_ASIDE or others.exists():
        return
    payload = {"subscriber": row.name, "event": event.pk, "type": event.event_type.name, "error": str(error)[:500]}
    try:
        with transaction.atomic():
            publish(SET_ASIDE, source=Entity("subscriber", row.pk), payload=payload)
    except Refused as refused:
        logger.warning("nobody is told that event %s is set aside: %s", event.pk, refused)
