"""Publish: a row in the caller's own transaction. What commits is told, what rolls back is not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from events import event_type_cache, hints, schemas, sets
from events.entities import BIGINT_MAX, Entity, entity_of
from events.models import Event, EventType
from events.refusals import IdempotencyConflict, InactiveEventType, Refused, UnknownEventType, UnknownUser

NUMBER_TASK = "events.number"
MAX_KEY = 200
MAX_HINTS = 10


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What `publish_many` takes; the same fields as `publish`."""

    event_type: str
    source: Model | Entity | None = None
    actor: User | int | None = None
    payload: dict[str, Any] | None = None
    project_id: int | None = None
    idempotency_key: str | None = None
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """`created` is False where the idempotency key was known: then it is the first event of that key."""

    event: Event
    created: bool


def publish(
    event_type: str,
    *,
    source: Model | Entity | None = None,
    actor: User | int | None = None,
    payload: dict[str, Any] | None = None,
    project_id: int | None = None,
    idempotency_key: str | None = None,
) -> Event:
    """Publish one event. Raises a kind of Refused before the insert; never for a broker, Redis or a handler.

    One INSERT if the type is cached and the actor a loaded user.
    """
    new = NewEvent(event_type, source, actor, payload, project_id, idempotency_key)
    return accept([new])[0].event


def publish_many(events: Iterable[NewEvent]) -> list[Event]:
    """Publish all or none, in this order, with one INSERT."""
    return [accepted.event for accepted in accept(list(events))]


async def apublish(
    event_type: str,
    *,
    source: Model | Entity | None = None,
    actor: User | int | None = None,
    payload: dict[str, Any] | None = None,
    project_id: int | None = None,
    idempotency_key: str | None = None,
) -> Event:
    """`publish` from a coroutine, in a transaction of its own: Django's are synchronous."""
    new = NewEvent(event_type, source, actor, payload, project_id, idempotency_key)
    [accepted] = await database_sync_to_async(accept)([new])
    return cast("Accepted", accepted).event


def accept(new: Sequence[NewEvent], *, publisher: str = "") -> list[Accepted]:
    """Store all or none for a publisher ('' in process, `user:<id>` over HTTP); a hint follows the commit.

    At most one query for types, one for actors, one INSERT and, where a key was known, one read. A Refused carries
    the element's number as `index`, and those of further elements as `others`.
    """
    if not new:
        return []
    rows = _checked(new)
    try:
        return _store(rows, publisher=publisher)
    except UnknownEventType:
        # It was cached, and is gone or another by now; the second check knows which one.
        event_type_cache.clear()
        return _store(_checked(new), publisher=publisher)


def _store(rows: Sequence[_Row], *, publisher: str) -> list[Accepted]:
    with transaction.atomic():
        accepted = _insert(rows, publisher=publisher)
        transaction.on_commit(_hint, robust=True)
    return accepted


def _hint() -> None:
    hints.send(NUMBER_TASK)


@dataclass(frozen=True, slots=True)
class _Row:
    event_type: EventType
    source: Entity | None
    actor_id: int | None
    actor: User | None
    payload: dict[str, Any]
    project_id: int | None
    key: str | None
    traceparent: str


def refusals(new: Mapping[int, NewEvent]) -> dict[int, Refused]:
    """What would be refused of these events, by number. The queries of `accept` before its INSERT."""
    return _sifted(new)[1]


def _checked(new: Sequence[NewEvent]) -> list[_Row]:
    rows, refused = _sifted(dict(enumerate(new)))
    if refused:
        raise _first_of(refused)
    return list(rows.values())


def _sifted(new: Mapping[int, NewEvent]) -> tuple[dict[int, _Row], dict[int, Refused]]:
    types = event_type_cache.by_name(one.event_type for one in new.values())
    rows: dict[int, _Row] = {}
    refused: dict[int, Refused] = {}
    unknown = []
    for index, one in new.items():
        event_type = types.get(one.event_type) if isinstance(one.event_type, str) else None
        if event_type is None:
            unknown.append(index)
            continue
        try:
            rows[index] = _row(one, event_type=event_type)
        except Refused as error:
            refused[index] = error
    if unknown:
        known = event_type_cache.names()
        # Looking for near names takes its time, and a few show what is wrong.
        near = {index: known if place < MAX_HINTS else [] for place, index in enumerate(unknown)}
        refused |= {index: event_type_cache.unknown(new[index].event_type, known=near[index]) for index in unknown}
    refused |= _unknown_actors(rows)
    for index in refused:
        refused[index].index = index
    return rows, refused


def _first_of(refused: Mapping[int, Refused]) -> Refused:
    """The refusal of the first bad element, with those of the others."""
    first, *others = (refused[index] for index in sorted(refused))
    first.others = others
    return first


def _row(one: NewEvent, *, event_type: EventType) -> _Row:
    if not event_type.is_active:
        raise InactiveEventType(
            f"{event_type.name} is switched off: an admin can make it active again",
            code="event_type_inactive",
            field="event_type",
        )
    payload = {} if one.payload is None else one.payload
    schemas.check_payload(payload, schema=event_type.schema)
    if isinstance(one.actor, User) and one.actor.pk is None:
        raise UnknownUser("the actor is not saved", code="unknown_user", field="actor_user_id")
    if one.project_id is not None and (type(one.project_id) is not int or not 0 <= one.project_id <= BIGINT_MAX):
        raise Refused(
            f"project_id {one.project_id!r} is not a whole number between 0 and 2^63-1",
            code="invalid_project",
            field="project_id",
        )
    return _Row(
        event_type=event_type,
        source=None if one.source is None else entity_of(one.source),
        actor_id=one.actor.pk if isinstance(one.actor, User) else one.actor,
        actor=one.actor if isinstance(one.actor, User) and not one.actor._state.adding else None,
        payload=payload,
        project_id=one.project_id,
        key=_key(one.idempotency_key),
        traceparent=one.traceparent,
    )


def _key(key: str | None) -> str | None:
    if key is not None and (not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise Refused(
            f"an idempotency key is printable text of 1 to {MAX_KEY} characters",
            code="invalid_idempotency_key",
            field="idempotency_key",
        )
    return key


def _unknown_actors(rows: Mapping[int, _Row]) -> dict[int, Refused]:
    """Django's foreign keys are deferred: an unknown actor would blow up only at the caller's COMMIT."""
    wanted = {row.actor_id for row in rows.values() if row.actor_id is not None and row.actor is None}
    valid = {actor for actor in wanted if type(actor) is int and 0 < actor < 2**31}
    known = set(User.objects.filter(pk__in_set=valid).values_list("pk", flat=True)) if valid else set()
    return {
        index: UnknownUser(f"there is no user {row.actor_id!r}", code="unknown_user", field="actor_user_id")
        for index, row in rows.items()
        if row.actor_id in wanted and row.actor_id not in known
    }


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


def _insert(rows: Sequence[_Row], *, publisher: str) -> list[Accepted]:
    values = [
        (
            row.event_type.pk,
            row.source.type if row.source else None,
            row.source.id if row.source else None,
            row.actor_id,
            json.dumps(row.payload, ensure_ascii=False),
            row.project_id,
            publisher,
            row.key,
            row.traceparent,
        )
        for row in rows
    ]
    select, params = _select_one(values[0]) if len(values) == 1 else _select(values)
    # Without a key there is nothing to clash with, and an INSERT that looks for it costs more.
    clash = "ON CONFLICT (publisher, idempotency_key) DO NOTHING " if any(row.key for row in rows) else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events ({', '.join(_COLUMNS)}) {select} {clash}RETURNING id, idempotency_key, created_at",
            params,
        )
        # Numbers are given out in the order of the SELECT, but RETURNING promises no order.
        inserted = sorted(cursor.fetchall())
    unkeyed = iter([(pk, created_at) for pk, key, created_at in inserted if key is None])
    keyed = {key: (pk, created_at) for pk, key, created_at in inserted if key is not None}
    known = _known([row.key for row in rows if row.key is not None and row.key not in keyed], publisher=publisher)
    if len(inserted) + len(known) < len({row.key or index for index, row in enumerate(rows)}):
        raise UnknownEventType(
            "an event type was deleted while it was being published", code="unknown_event_type", field="event_type"
        )
    accepted = []
    for index, row in enumerate(rows):
        fresh = next(unkeyed) if row.key is None else keyed.pop(row.key, None)
        if fresh is not None:
            event = _event(row, pk=fresh[0], created_at=fresh[1], publisher=publisher)
            if row.key is not None:
                known[row.key] = event
            accepted.append(Accepted(event, created=True))
        else:
            accepted.append(Accepted(_same(known[row.key or ""], row, index=index), created=False))
    return accepted


# A cached type may be gone by now; its foreign key would say so only at the caller's COMMIT. So both look for it.


def _select_one(values: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """What `_select` says of one row, planned in half the time."""
    is_postgresql = connection.vendor == "postgresql"
    kinds = [*_COLUMNS.values()][1:]
    picked = [f"%s::{kind}" if is_postgresql else "%s" for kind in kinds]
    type_id, *rest = values
    return f"SELECT event_types.id, {', '.join(picked)} FROM event_types WHERE event_types.id = %s", [*rest, type_id]


def _select(values: Sequence[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """These rows, in this order, without those whose type is gone."""
    numbered = [(place, *row) for place, row in enumerate(values)]
    as_text = {name: "text" if kind == "jsonb" else kind for name, kind in _COLUMNS.items()}
    source, params = sets.table({"place": "bigint", **as_text}, numbered)
    is_postgresql = connection.vendor == "postgresql"
    picked = [f"{name}::{kind}" if is_postgresql else name for name, kind in _COLUMNS.items()]
    return (
        f"SELECT {', '.join(picked)} FROM {source} AS new "
        "WHERE EXISTS (SELECT 1 FROM event_types WHERE event_types.id = new.event_type_id) ORDER BY place",
        params,
    )


def _known(keys: list[str], *, publisher: str) -> dict[str, Event]:
    if not keys:
        return {}
    found = Event.objects.filter(publisher=publisher, idempotency_key__in_set=keys)
    return {event.idempotency_key or "": event for event in found.select_related("event_type", "actor_user")}


def _same(first: Event, row: _Row, *, index: int) -> Event:
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


def _event(row: _Row, *, pk: int, created_at: datetime | str, publisher: str) -> Event:
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
