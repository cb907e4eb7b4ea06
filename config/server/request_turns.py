"""Turns of requests: each takes a thread and a connection of the database, and no client takes them all."""

import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext

from config import try_later
from config.server.callers import Callers
from config.server.connection_pool import HEALTH_CHECKS_AT_ONCE, REQUESTS_AT_ONCE
from config.server.turns import NoTurnError, Turns

logger = logging.getLogger("carillon.server")

EACH_AT_ONCE = 5
# A page may ask for a hundred files at once through a proxy that speaks HTTP/2.
MOST_WAITING, EACH_WAITING = 1_000, 100
RETRY_SECONDS = 1
WARNING_SECONDS = 10.0

# Who watches this process is answered while all turns are taken, too.
HEALTH = ("/healthz", "/readyz")

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class RequestTurns:
    """ASGI application that lets HTTP requests into another one by turns; who can't even wait gets 503."""

    def __init__(self, application: Application, *, callers: Callers) -> None:
        self._application = application
        self._callers = callers
        self._turns = Turns(
            most=REQUESTS_AT_ONCE, each=EACH_AT_ONCE, most_waiting=MOST_WAITING, each_waiting=EACH_WAITING
        )
        self._health = {
            path: Turns(most=HEALTH_CHECKS_AT_ONCE, each=1, most_waiting=100, each_waiting=10) for path in HEALTH
        }
        self._next_warning = 0.0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        caller = self._callers.of(scope)
        turns = self._health.get(scope["path"], self._turns)
        try:
            async with turns.turn(caller):
                await self._application(scope, receive, send)
        except NoTurnError:
            self._warn(caller)
            await _send(_refusal(is_api=scope["path"].startswith("/api/")), send)
        else:
            self._callers.remember(scope)

    def _warn(self, caller: str) -> None:
        """Say it once in a while: requests that are refused may come faster than anybody can read."""
        if time.monotonic() >= self._next_warning:
            self._next_warning = time.monotonic() + WARNING_SECONDS
            logger.warning("Refused a request of %s with 503: too many wait for their turn", caller)


@cache
def _refusal(*, is_api: bool) -> HttpResponse:
    detail = gettext("The server is busy right now. Try again in a moment.")
    busy = try_later.TryLaterError(detail, code="busy", seconds=RETRY_SECONDS)
    return try_later.answer(busy, path="/api/" if is_api else "/")


async def _send(response: HttpResponse, send: Any) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
