"""Limit of the events that a key, or a person's session, may publish over HTTP in a minute.

Counted in Redis for all web processes together, in this process where there is none. A guard against a program that
runs away, no bookkeeping: while Redis is away everybody may publish.
"""

import math
import threading
import time
from collections import Counter

import redis
from django.conf import settings
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from events.rest.permissions import key_of
from events.rest.strict import user_id_of
from events.transport import redis_client
from events.transport.redis_client import CircuitBreaker

WINDOW = 60
PAUSE_AFTER_FAILURE = 5.0


class TooManyEventsError(APIException):
    """`wait`: seconds, for the Retry-After header; None where waiting doesn't help."""

    status_code = 429
    default_code = "rate_limited"

    def __init__(self, detail: str, *, wait: int | None = None) -> None:
        super().__init__(detail)
        self.wait = wait


# By minute and publisher, where there is no Redis; only the present minute is kept.
_local: dict[int, Counter[str]] = {}
_changing = threading.Lock()
_breaker = CircuitBreaker("events are not counted", seconds=PAUSE_AFTER_FAILURE)


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
    return int(settings.PUBLISH_EVENTS_PER_MINUTE) if own is None else own


def clock() -> float:
    """Seconds since 1970, the same for all web processes."""
    return time.time()


def reset() -> None:
    _local.clear()
    _breaker.close()


def _add(publisher: str, count: int, *, minute: int) -> int:
    """Add to a publisher's events in a minute; their number then. 0 while Redis doesn't answer."""
    client = redis_client.client()
    if client is None:
        return _add_locally(publisher, count, minute=minute)
    if _breaker.is_open:
        return 0
    name = f"{settings.REDIS_PREFIX}:rate:{publisher}:{minute}"
    try:
        with client.pipeline(transaction=False) as pipe:
            pipe.incrby(name, count)
            pipe.expire(name, 2 * WINDOW)
            return int(pipe.execute()[0])
    except redis.RedisError as error:
        _breaker.open(error)
        return 0


def _add_locally(publisher: str, count: int, *, minute: int) -> int:
    with _changing:
        if minute not in _local:
            _local.clear()
        counts = _local.setdefault(minute, Counter())
        counts[publisher] += count
        return counts[publisher]
