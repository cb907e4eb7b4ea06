"""How many events a key, or a person's session, may publish over HTTP in a minute.

Counted in Redis for all web processes together, in this process where there is none. A guard against a program that
runs away, no bookkeeping: while Redis is away everybody may publish.
"""

from __future__ import annotations

import logging
import math
import threading
import time

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from events.rest.permissions import key_of
from events.rest.strict import user_id_of

logger = logging.getLogger(__name__)

WINDOW = 60
PAUSE_AFTER_FAILURE = 5.0


class TooManyEvents(APIException):
    """`wait`: seconds, for the Retry-After header; None where waiting doesn't help."""

    status_code = 429
    default_code = "rate_limited"

    def __init__(self, detail: str, *, wait: int | None = None) -> None:
        super().__init__(detail)
        self.wait = wait


class _Counts:
    """Events of each publisher in the present minute."""

    def __init__(self) -> None:
        self._here: dict[str, int] = {}
        self._minute = 0
        self._lock = threading.Lock()
        self._broken_until = 0.0
        # Its own way is to try four times, with pauses.
        options = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}
        self._redis = redis.Redis.from_url(settings.REDIS_URL, **options) if settings.REDIS_URL else None

    def add(self, who: str, count: int, *, minute: int) -> int:
        """What it comes to with these. 0 while Redis doesn't answer."""
        if self._redis is None:
            return self._add_here(who, count, minute=minute)
        if time.monotonic() < self._broken_until:
            return 0
        name = f"{settings.REDIS_PREFIX}:rate:{who}:{minute}"
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.incrby(name, count)
                pipe.expire(name, 2 * WINDOW)
                return int(pipe.execute()[0])
        except redis.RedisError as error:
            self._broken_until = time.monotonic() + PAUSE_AFTER_FAILURE
            logger.warning("events are not counted for %.0f s: %s", PAUSE_AFTER_FAILURE, error)
            return 0

    def _add_here(self, who: str, count: int, *, minute: int) -> int:
        with self._lock:
            if minute != self._minute:
                self._here, self._minute = {}, minute
            self._here[who] = self._here.get(who, 0) + count
            return self._here[who]


_counts: _Counts | None = None
_starting = threading.Lock()


def spend(request: Request, count: int) -> None:
    """Count these events; TooManyEvents (429 with Retry-After) where they are more than the minute has left.

    What was refused isn't counted, so that a program that sends whole arrays gets its next one in with the next minute.
    """
    most = allowed(request)
    if not most:
        return
    key, seconds = key_of(request), clock()
    who = f"key:{key.pk}" if key else f"user:{user_id_of(request)}"
    minute = int(seconds // WINDOW)
    if _current().add(who, count, minute=minute) > most:
        _current().add(who, -count, minute=minute)
        if count > most:
            raise TooManyEvents(
                f"These are {count} events, and {most} a minute are all that may come; send fewer at once."
            )
        wait = math.ceil(WINDOW - seconds % WINDOW)
        raise TooManyEvents(f"More than {most} events in a minute; send the rest after {wait} s.", wait=wait)


def allowed(request: Request) -> int:
    """How many events who asks may publish in a minute; 0: as many as they like."""
    key = key_of(request)
    own = key.events_per_minute if key else None
    return int(settings.PUBLISH_EVENTS_PER_MINUTE) if own is None else own


def clock() -> float:
    """Seconds since 1970, the same for all web processes."""
    return time.time()


def forget() -> None:
    """Begin anew, with the settings as they are now."""
    global _counts  # noqa: PLW0603  one per process
    _counts = None


def _current() -> _Counts:
    global _counts  # noqa: PLW0603
    with _starting:
        if _counts is None:
            _counts = _Counts()
        return _counts
