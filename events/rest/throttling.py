"""Limit of the events that a key, or a person's session, may publish over HTTP in a minute.

Counted in Redis for all web processes together, in this process where there is none. A guard against a program that
runs away, no bookkeeping: while Redis is away everybody may publish.
"""

import math
import time

from rest_framework.exceptions import APIException
from rest_framework.request import Request

from events.conf import conf
from events.rest.permissions import key_of
from events.rest.strict import user_id_of
from events.transport.shared_counts import SharedCounts

WINDOW = 60


class TooManyEventsError(APIException):
    """`wait`: seconds, for the Retry-After header; None where waiting doesn't help."""

    status_code = 429
    default_code = "rate_limited"

    def __init__(self, detail: str, *, wait: int | None = None) -> None:
        super().__init__(detail)
        self.wait = wait


_counts = SharedCounts("rate", effect="events are not counted")


def spend(request: Request, count: int) -> None:
    """Count these events; TooManyEventsError (429 with Retry-After) where they are more than the minute has left.

    What was refused isn't counted, so that a program that sends whole arrays gets its next one in with the next minute.
    """
    most = allowed(request)
    if not most:
        return
    key, seconds = key_of(request), clock()
    publisher = f"key:{key.pk}" if key else f"user:{user_id_of(request)}"
    minute = int(seconds // WINDOW)
    if _add(publisher, count, minute=minute) > most:
        _add(publisher, -count, minute=minute)
        if count > most:
            raise TooManyEventsError(
                f"These are {count} events, and {most} a minute are all that may come; send fewer at once."
            )
        wait = math.ceil(WINDOW - seconds % WINDOW)
        raise TooManyEventsError(f"More than {most} events in a minute; send the rest after {wait} s.", wait=wait)


def allowed(request: Request) -> int:
    """Events that the caller may publish in a minute; 0: as many as they like."""
    key = key_of(request)
    own = key.events_per_minute if key else None
    return int(conf.PUBLISH_EVENTS_PER_MINUTE) if own is None else own


def clock() -> float:
    """Seconds since 1970, the same for all web processes."""
    return time.time()


def reset() -> None:
    _counts.reset()


def _add(publisher: str, count: int, *, minute: int) -> int:
    """Add to a publisher's events in a minute; their number then. 0 while Redis doesn't answer."""
    return _counts.add(f"{publisher}:{minute}", count, seconds=2 * WINDOW, now=clock())
