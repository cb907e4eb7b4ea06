"""Stores checked events with one INSERT; whose idempotency key is known already is read instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from events.db.rows import values_table
from events.entities import Entity
from events.errors import IdempotencyConflict, UnknownEventType
from events.models import Event, EventType


@dataclass(frozen=True, slots=True)
class Accepted:
    """`created` is False where the idempotency key was known: then it is the first event of that key."""

    event: Event
    created: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An event that has been checked."""

    event_type: EventType
    source: Entity | None
    actor_id: int | None
    actor: User | None
    payload: dict[str, Any]
    project_id: int | None
    key: str | None
    traceparent: str


_COLUMNS = {
    "event_type_id": "bigint",
    "source_entity_type": "text",
    "source_entity_id": "bigint",
    "actor_user_id": "bigint",
    "payload": "jsonb",
    "project_id": "bigint",
    "publisher": "text",
    "idempotency_key": "text",
    "traceparent": "text",
}
# id, created_at (text on SQLite), key
Inserted = tuple[int, datetime | str, str | None]


def insert(rows: Sequence[Row], *, publisher: str) -> list[Accepted]:
    """Store the events with one INSERT and, where a key was known, one read. Raises UnknownEventType where a cached
    type is gone by now, and IdempotencyConflict."""
    return _match_results(rows, _insert_rows(rows, publisher=publisher), publisher=publisher)


def _insert_rows(rows: Sequence[Row], *, publisher: str) -> list[Inserted]:
    """Insert the rows, in their order, without those whose key is known or whose type is gone."""
    values = [
        (
            place,
            row.event_type.pk,
            row.source.type if row.source else None,
            row.source.id if row.source else None,
            row.actor_id,
            row.payload,
            row.project_id,
            publisher,
            row.key,
            row.traceparent,
        )
        for place, row in enumerate(rows)
    ]
    source, params = values_table({"place": "bigint", **_COLUMNS}, values)
    names = ", ".join(_COLUMNS)
    # Without a key there is nothing to clash with, and an INSERT that looks for it costs more.
    clash = "ON CONFLICT (publisher, idempotency_key) DO NOTHING" if any(row.key for row in rows) else ""
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


def _match_results(rows: Sequence[Row], inserted: Sequence[Inserted], *, publisher: str) -> list[Accepted]:
    """Pair each row with what was inserted for it, or with the first event of its key."""
    unkeyed = iter([one for one in inserted if one[2] is None])
    keyed = {one[2]: one for one in inserted if one[2] is not None}
    known = _known([row.key for row in rows if row.key is not None and row.key not in keyed], publisher=publisher)
    if len(inserted) + len(known) < len({row.key or index for index, row in enumerate(rows)}):
        raise UnknownEventType(
            "an event type was deleted while it was being published", code="unknown_event_type", field="event_type"
        )
    accepted = []
    for index, row in enumerate(rows):
        fresh = next(unkeyed) if row.key is None else keyed.pop(row.key, None)
        if fresh is None:
            accepted.append(Accepted(_same(known[row.key or ""], row, index=index), created=False))
            continue
        event = _event(row, pk=fresh[0], created_at=fresh[1], publisher=publisher)
        if row.key is not None:
            known[row.key] = event
        accepted.append(Accepted(event, created=True))
    return accepted


def _known(keys: list[str], *, publisher: str) -> dict[str, Event]:
    if not keys:
        return {}
    found = Event.objects.filter(publisher=publisher, idempotency_key__in_set=keys)
    return {event.idempotency_key or "": event for event in found.select_related("event_type", "actor_user")}


def _same(first: Event, row: Row, *, index: int) -> Event:
    is_same = (
        first.event_type_id == row.event_type.pk
        and first.source == row.source
        and first.actor_user_id == row.actor_id
        and first.project_id == row.project_id
        and _content(first.payload) == _content(row.payload)
    )
    if is_same:
        return first
    error = IdempotencyConflict(
        f"idempotency key {row.key!r} was used for event {first.pk} with other content; use a new key",
        code="idempotency_conflict",
        field="idempotency_key",
    )
    error.index = index
    raise error


def _content(payload: dict[str, Any]) -> Any:
    """What two payloads are compared by: PostgreSQL gives 1e+23 back as a whole number, and in Python True is 1."""
    return json.loads(json.dumps(payload), parse_int=_number, parse_float=_number)


def _number(digits: str) -> tuple[Decimal]:
    return (Decimal(digits),)


def _event(row: Row, *, pk: int, created_at: datetime | str, publisher: str) -> Event:
    """The stored event without reading it back."""
    when = datetime.fromisoformat(created_at) if isinstance(created_at, str) else created_at
    event = Event(
        pk=pk,
        event_type=row.event_type,
        source_entity_type=row.source.type if row.source else None,
        source_entity_id=row.source.id if row.source else None,
        actor_user_id=row.actor_id,
        payload=row.payload,
        created_at=when if when.tzinfo else when.replace(tzinfo=UTC),
        position=None,
        project_id=row.project_id,
        publisher=publisher,
        idempotency_key=row.key,
        traceparent=row.traceparent,
    )
    if row.actor is not None:
        event.actor_user = row.actor
    event._state.adding = False
    event._state.db = connection.alias
    return event
