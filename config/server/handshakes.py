"""Rates of WebSocket handshakes: each costs queries, so who opens sockets in a loop waits, then is refused."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from config.server.callers import Callers
from notifications.websocket.token_bucket import TokenBucket

MOST_BUCKETS = 10_000
LONGEST_WAIT = 5.0
# Clients of a proxy that nobody named to this site all come from there.
LOOPBACK = "address:127.0.0.1"


# A person's tabs; and an office behind one address, whose people this process hasn't answered yet.
PERSON_AT_ONCE, PERSON_A_SECOND = 40, 5
NETWORK_AT_ONCE, NETWORK_A_SECOND = 200, 20


class HandshakeRates:
    """ASGI application that lets WebSockets into another one at their callers' rates.

    Who is ahead of theirs waits, for LONGEST_WAIT at most; who is further ahead is refused (403). No query.
    """

    def __init__(
        self,
        application: Callable[[dict[str, Any], Any, Any], Awaitable[None]],
        *,
        callers: Callers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application, self._callers, self._clock = application, callers, clock
        # In the order in which they were last asked.
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        caller = self._callers.of(scope)
        until = self._clock() + LONGEST_WAIT
        while caller != LOOPBACK and (wait := self._bucket(caller).take(now=self._clock())):
            if self._clock() + wait > until:
                await receive()
                await send({"type": "websocket.close"})
                return
            await asyncio.sleep(wait)
        await self._application(scope, receive, send)

    def _bucket(self, caller: str) -> TokenBucket:
        if caller not in self._buckets:
            self._buckets[caller] = _new_bucket(caller, now=self._clock())
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return self._buckets[caller]


def _new_bucket(caller: str, *, now: float) -> TokenBucket:
    if caller.startswith("address:"):
        return TokenBucket(rate=NETWORK_A_SECOND, burst=NETWORK_AT_ONCE, now=now)
    return TokenBucket(rate=PERSON_A_SECOND, burst=PERSON_AT_ONCE, now=now)
