"""Event types by name, at most five seconds old."""

import difflib
import time
from collections.abc import Iterable, Sequence

from django.db import connection

from events.errors import UnknownEventType
from events.models import EventType

MAX_AGE = 5.0
# Longer names are near to none, and comparing costs the square of their length.
MAX_COMPARED = 100
_cached: dict[str, tuple[float, EventType]] = {}


def by_name(names: Iterable[object]) -> dict[str, EventType]:
    """The types of these names that there are, one query at most.

    Filled only outside a transaction (inside one, a type that is rolled back later could stay), and a miss is never
    kept: a type that was just inserted works at once.
    """
    now = time.monotonic()
    # What no database can hold is nobody's name.
    wanted = {name for name in names if isinstance(name, str) and name.isprintable()}
    types = {
        name: event_type
        for name in wanted
        for read_at, event_type in [_cached.get(name, (-MAX_AGE, None))]
        if event_type is not None and now - read_at < MAX_AGE
    }
    if missing := wanted - types.keys():
        fresh = {row.name: row for row in EventType.objects.filter(name__in_set=missing)}
        if not connection.in_atomic_block:
            _cached.update({name: (now, row) for name, row in fresh.items()})
        types |= fresh
    return types


def unknown(name: object, *, known: Sequence[str]) -> UnknownEventType:
    near = []
    if isinstance(name, str) and len(name) <= MAX_COMPARED:
        near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "GET /api/v1/event-types lists them all"
    shown = repr(name)
    return UnknownEventType(
        f"there is no event type {shown if len(shown) <= 100 else shown[:100] + '…'}; {hint}",
        code="unknown_event_type",
        field="event_type",
    )


def names() -> list[str]:
    """The first thousand: enough to find near ones among."""
    return list(EventType.objects.order_by("name").values_list("name", flat=True)[:1000])


def clear() -> None:
    _cached.clear()
