"""Stores checked events with one INSERT; whose idempotency key is known already is read instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from events.db.rows import values_table
from events.errors import IdempotencyConflict, UnknownEventType, shown
from events.models import Event
from events.rules.payload_schema import is_same


@dataclass(frozen=True, slots=True)
class Accepted:
    """`created` is False where the idempotency key was known: then it is the first event of that key."""

    event: Event
    created: bool


_COLUMNS = {
    "event_type_id": "bigint",
    "source_entity_type": "text",
    "source_entity_id": "bigint",
    "source_entity_key": "text",
    "actor_user_id": "bigint",
    "payload": "jsonb",
    "project_id": "bigint",
    "publisher": "text",
    "idempotency_key": "text",
    "traceparent": "text",
    "tracestate": "text",
    "recipients": "jsonb",
}
# What two events under one key have in common, beside the payload.
_FACTS = (
    "event_type_id",
    "source_entity_type",
    "source_entity_id",
    "source_entity_key",
    "actor_user_id",
    "project_id",
    "recipients",
)
# id, created_at (text on SQLite), key
Inserted = tuple[int, datetime | str, str | None]


def insert(events: Sequence[Event]) -> list[Accepted]:
    """Store a publisher's checked events with one INSERT and, where a key was known, one read.

    Raises UnknownEventType where a cached type is gone by now, and IdempotencyConflict.
    """
    return _match_results(events, _insert_rows(events))


def _insert_rows(events: Sequence[Event]) -> list[Inserted]:
    """Insert the events, in their order, without those whose key is known or whose type is gone."""
    values = [(place, *(getattr(event, name) for name in _COLUMNS)) for place, event in enumerate(events)]
    source, params = values_table({"place": "bigint", **_COLUMNS}, values)
    names = ", ".join(_COLUMNS)
    # Without a key there is nothing to clash with, and an INSERT that looks for it costs more.
    clash = (
        "ON CONFLICT (publisher, idempotency_key) DO NOTHING" if any(event.idempotency_key for event in events) else ""
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events ({names}) SELECT {names} FROM {source} AS new "
            # A cached type may be gone by now; its foreign key would say so only at the caller's COMMIT.
            "WHERE EXISTS (SELECT 1 FROM event_types WHERE event_types.id = new.event_type_id) "
            f"ORDER BY place {clash} RETURNING id, created_at, idempotency_key",
            params,
        )
        # Numbers are given out in the order of the SELECT, but RETURNING promises no order.
        return sorted(cursor.fetchall())


def _match_results(events: Sequence[Event], inserted: Sequence[Inserted]) -> list[Accepted]:
    """Pair each event with what was inserted for it, or with the first event of its key."""
    unkeyed = iter([one for one in inserted if one[2] is None])
    keyed = {one[2]: one for one in inserted if one[2] is not None}
    known = _known(
        [event for event in events if event.idempotency_key is not None and event.idempotency_key not in keyed]
    )
    if len(inserted) + len(known) < len({event.idempotency_key or index for index, event in enumerate(events)}):
        raise UnknownEventType(
            "an event type was deleted while it was being published", code="unknown_event_type", field="event_type"
        )
    accepted = []
    for index, event in enumerate(events):
        key = event.idempotency_key
        fresh = next(unkeyed) if key is None else keyed.pop(key, None)
        if fresh is None:
            accepted.append(Accepted(_same(known[key or ""], event, index=index), created=False))
            continue
        _stored(event, pk=fresh[0], created_at=fresh[1])
        if key is not None:
            known[key] = event
        accepted.append(Accepted(event, created=True))
    return accepted


def _known(events: Sequence[Event]) -> dict[str, Event]:
    if not events:
        return {}
    keys = [event.idempotency_key for event in events]
    found = Event.objects.filter(publisher=events[0].publisher, idempotency_key__in_set=keys)
    return {event.idempotency_key or "": event for event in found.select_related("event_type", "actor_user")}


def _same(first: Event, again: Event, *, index: int) -> Event:
    if all(getattr(first, name) == getattr(again, name) for name in _FACTS) and is_same(first.payload, again.payload):
        return first
    error = IdempotencyConflict(
        f"idempotency key {shown(again.idempotency_key)} was used for event {first.pk} with other content; use another",
        code="idempotency_conflict",
        field="idempotency_key",
    )
    error.index = index
    raise error


def _stored(event: Event, *, pk: int, created_at: datetime | str) -> None:
    """Make of the event that was inserted what reading it back would give."""
    when = datetime.fromisoformat(created_at) if isinstance(created_at, str) else created_at
    event.pk, event.created_at = pk, when if when.tzinfo else when.replace(tzinfo=UTC)
    event._state.adding, event._state.db = False, connection.alias
