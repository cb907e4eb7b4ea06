"""Health of this process: is it up, and is it ready? Readiness names what is wrong."""

import secrets
import threading
import time
from functools import lru_cache

import redis
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from delivery.monitoring.backlog import Backlog, backlog
from events.db import clock, session
from events.db.errors import is_busy
from events.models import ParkedEvent
from events.transport import outages, redis_client

# Set by a server that has been told to stop: readiness says so.
draining = threading.Event()

# How long a write may take, and for how many seconds its outcome holds in this process, however often one asks.
WRITE_MILLISECONDS = 1000
WRITE_HOLDS = 1.0
# More than a page has room for: a full disk has no next one.
WRITTEN_BYTES = 32_768


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Name every problem, with 503. `?exclude=broker&exclude=layer` leaves out what one can serve without."""
    now_behind, database_problem = _look_at_database()
    left_out = request.GET.getlist("exclude")
    checked = {name: problem for name, problem in checks(database_problem).items() if name not in left_out}
    problems = {name: problem for name, problem in checked.items() if problem}
    body = {
        "clock_ahead_seconds": round(clock.ahead().total_seconds(), 3),
        "ready": not problems,
        "problems": problems,
        "checked": list(checked),
        "oldest_unnumbered_seconds": now_behind and round(now_behind.oldest_unnumbered_seconds, 3),
        "oldest_undelivered_seconds": now_behind and round(now_behind.oldest_undelivered_seconds, 3),
        "failing_servers": now_behind and now_behind.failing_servers,
        "router_lag": now_behind and now_behind.router_lag,
        "events_set_aside": now_behind and now_behind.set_aside,
    }
    return JsonResponse(body, status=503 if problems else 200, headers={"Cache-Control": "no-store"})


def checks(database_problem: str | None) -> dict[str, str | None]:
    """List all checks, and what is wrong with each; None: nothing."""
    redis_problem = _look_at_redis()
    return {
        "process": "it is shutting down" if draining.is_set() else None,
        "database": database_problem,
        "broker": redis_problem,
        "layer": redis_problem,
    }


def _look_at_database() -> tuple[Backlog | None, str | None]:
    try:
        found = backlog(now=clock.now())
    except Error as error:
        return None, _problem("the database does not answer", error)
    return found, problem_of_writes()


def problem_of_writes() -> str | None:
    return _look_at_writes(int(time.monotonic() / WRITE_HOLDS))


@lru_cache(maxsize=1)
def _look_at_writes(_moment: int) -> str | None:
    """Write a row and take it back: a full database and one that only reads are named."""
    try:
        with session.trial(milliseconds=WRITE_MILLISECONDS):
            # Of no subscriber and no event: keys are looked at when it commits, which it never does.
            nobody = -secrets.randbits(60)
            ParkedEvent.objects.create(
                subscriber_id=nobody, event_id=nobody, error=secrets.token_hex(WRITTEN_BYTES // 2)
            )
    except Error as error:
        # Somebody else writes at this moment.
        return None if is_busy(error) else _problem("the database takes no writes", error)
    return None


def _look_at_redis() -> str | None:
    """Broker and layer live in the same Redis; without one both are in this process and up with it."""
    client = redis_client.client()
    if client is None:
        return None
    try:
        client.ping()
    except redis.RedisError as error:
        return _problem("Redis does not answer", error)
    return None


def _problem(what: str, error: Exception) -> str:
    # The details name hosts and accounts; they are for the log, this page is for anybody.
    outages.note("carillon.health", f"Not ready: {what}", error, in_a_line=True)
    return f"{what} ({type(error.__cause__ if isinstance(error, Error) and error.__cause__ else error).__name__})"
