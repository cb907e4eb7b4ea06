"""Event types by name, at most five seconds old."""

from __future__ import annotations

import difflib
import time
from collections.abc import Collection

from django.db import connection

from events.models import EventType
from events.refusals import UnknownEventType

MAX_AGE = 5.0
_cached: dict[str, tuple[float, EventType]] = {}


def by_name(names: Collection[str]) -> dict[str, EventType]:
    """The types of these names, one query at most. Raises UnknownEventType for the first that is missing.

    Filled only outside a transaction (inside one, a type that is rolled back later could stay), and a miss is never
    kept: a type that was just inserted works at once.
    """
    now = time.monotonic()
    found = {
        name: event_type
        for name in names
        for read_at, event_type in [_cached.get(name, (-MAX_AGE, None))]
        if event_type is not None and now - read_at < MAX_AGE
    }
    missing = [name for name in names if name not in found]
    if missing:
        fresh = {row.name: row for row in EventType.objects.filter(name__in=missing[:500])}
        if not connection.in_atomic_block:
            _cached.update({name: (now, row) for name, row in fresh.items()})
        found |= fresh
    for name in names:
        if name not in found:
            raise UnknownEventType(_unknown(name), code="unknown_event_type", field="event_type")
    return found


def clear() -> None:
    """Forget all; after a change that must be seen at once in this process."""
    _cached.clear()


def _unknown(name: str) -> str:
    known = list(EventType.objects.order_by("name").values_list("name", flat=True)[:1000])
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "GET /api/v1/event-types lists them all"
    return f"there is no event type {name[:100]!r}; {hint}"
