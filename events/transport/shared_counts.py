"""Counts that all web processes share, in Redis; in this process where there is none. Guards, no bookkeeping."""

import threading
from collections import OrderedDict
from collections.abc import Callable

import redis

from events.conf import conf
from events.transport import redis_client
from events.transport.redis_client import CircuitBreaker

PAUSE_AFTER_FAILURE = 5.0
# In this process, the oldest make room for new ones.
MOST_KEPT_HERE = 50_000


class SharedCounts:
    """Counts by name, each forgotten some seconds after it last changed.

    While Redis is away everything counts as nothing, or in this process if `go_on_alone`. `effect` says so to the log.
    """

    def __init__(self, kind: str, *, effect: str, go_on_alone: bool = False) -> None:
        self._kind = kind
        self._go_on_alone = go_on_alone
        self._breaker = CircuitBreaker(effect, seconds=PAUSE_AFTER_FAILURE)
        self._here: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._changing = threading.Lock()

    def add(self, name: str, count: int, *, seconds: int, now: float) -> int:
        """Add to a count, keep it for so long, and say what it is now. `now` in seconds since any moment."""

        def add_there(client: redis.Redis) -> int:
            with client.pipeline(transaction=False) as pipe:
                pipe.incrby(self._key(name), count)
                pipe.expire(self._key(name), seconds)
                return int(pipe.execute()[0])

        def add_here() -> int:
            with self._changing:
                total = self._count_here(name, now=now) + count
                self._here[name] = (total, now + seconds)
                self._here.move_to_end(name)
                if len(self._here) > MOST_KEPT_HERE:
                    self._here.popitem(last=False)
                return total

        return self._ask(add_there, add_here)

    def get(self, name: str, *, now: float) -> int:
        return self._ask(
            lambda client: int(client.get(self._key(name)) or 0),
            lambda: self._count_here(name, now=now),
        )

    def forget(self, name: str) -> None:
        self._ask(
            lambda client: int(client.delete(self._key(name))),
            lambda: self._here.pop(name, (0, 0.0))[0],
        )

    def reset(self) -> None:
        """Forget what this process knows."""
        self._here.clear()
        self._breaker.close()

    def _count_here(self, name: str, *, now: float) -> int:
        count, until = self._here.get(name, (0, 0.0))
        return count if now < until else 0

    def _key(self, name: str) -> str:
        return f"{conf.REDIS_PREFIX}:{self._kind}:{name}"

    def _ask(self, there: Callable[[redis.Redis], int], here: Callable[[], int]) -> int:
        client = redis_client.client()
        if client is None:
            return here()
        if not self._breaker.is_open:
            try:
                return there(client)
            except redis.RedisError as error:
                self._breaker.open(error)
        return here() if self._go_on_alone else 0
