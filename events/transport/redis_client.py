"""The installation's Redis, for hints and counts: whoever asks can do without, and has no time to wait."""

import time
from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.conf import conf
from events.transport import outages


def client() -> redis.Redis | None:
    """The client of this process, for all its threads; None where the settings name no Redis.

    A call takes a second at most and is tried once; redis-py's default is four times, with pauses.
    """
    return _client(conf.REDIS_URL) if conf.REDIS_URL else None


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


class CircuitBreaker:
    """Leaves a server alone for some seconds after each failure. `effect`: what that means, for the log."""

    def __init__(self, effect: str, *, seconds: float) -> None:
        self._effect, self._seconds = effect, seconds
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._open_until

    def open(self, error: Exception) -> None:
        self._open_until = time.monotonic() + self._seconds
        outages.note(__name__, f"{self._effect} for {self._seconds:.0f} s", error, in_a_line=True)

    def close(self) -> None:
        self._open_until = 0.0
