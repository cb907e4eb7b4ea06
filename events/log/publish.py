"""Publish: a row in the caller's own transaction. What commits is told, what rolls back is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from events import event_type_cache
from events.entities import BIGINT_MAX, Entity, entity_of
from events.errors import InactiveEventType, Refused, UnknownEventType, UnknownUser
from events.log import insert
from events.log.insert import Accepted, Row
from events.models import Event, EventType
from events.rules import payload_schema
from events.transport import hints

NUMBER_TASK = "events.number"
MAX_KEY = 200
MAX_HINTS = 10


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event for `publish_many`; the fields of `publish`."""

    event_type: str
    source: Model | Entity | None = None
    actor: User | int | None = None
    payload: dict[str, Any] | None = None
    project_id: int | None = None
    idempotency_key: str | None = None
    traceparent: str = ""


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

    At most one query for types, one for actors, one INSERT and, where a key was known, one read; where a type is
    unknown, one for types and one for near names. A Refused carries the element's number as `index`, and those of
    further elements as `others`.
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


def _store(rows: Sequence[Row], *, publisher: str) -> list[Accepted]:
    # One event without a key is one statement, which commits by itself in a third of the round trips.
    is_one = len(rows) == 1 and rows[0].key is None and connection.get_autocommit() and not connection.in_atomic_block
    with nullcontext() if is_one else transaction.atomic():
        accepted = insert.insert(rows, publisher=publisher)
        transaction.on_commit(_hint, robust=True)
    return accepted


def _hint() -> None:
    hints.send(NUMBER_TASK)


def refusals(new: Mapping[int, NewEvent]) -> dict[int, Refused]:
    """Find what would be refused of these events, by number. The queries of `accept` before its INSERT."""
    return _sifted(new)[1]


def _checked(new: Sequence[NewEvent]) -> list[Row]:
    rows, refused = _sifted(dict(enumerate(new)))
    if refused:
        raise _first_of(refused)
    return list(rows.values())


def _sifted(new: Mapping[int, NewEvent]) -> tuple[dict[int, Row], dict[int, Refused]]:
    types = event_type_cache.by_name(event.event_type for event in new.values())
    rows: dict[int, Row] = {}
    refused: dict[int, Refused] = {}
    unknown = []
    for index, event in new.items():
        event_type = types.get(event.event_type) if isinstance(event.event_type, str) else None
        if event_type is None:
            unknown.append(index)
            continue
        try:
            rows[index] = _row(event, event_type=event_type)
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


def _row(event: NewEvent, *, event_type: EventType) -> Row:
    if not event_type.is_active:
        raise InactiveEventType(
            f"{event_type.name} is switched off: an admin can make it active again",
            code="event_type_inactive",
            field="event_type",
        )
    payload = {} if event.payload is None else event.payload
    payload_schema.check_payload(payload, schema=event_type.schema)
    if isinstance(event.actor, User) and event.actor.pk is None:
        raise UnknownUser("the actor is not saved", code="unknown_user", field="actor_user_id")
    if event.project_id is not None and (type(event.project_id) is not int or not 0 <= event.project_id <= BIGINT_MAX):
        raise Refused(
            f"project_id {event.project_id!r} is not a whole number between 0 and 2^63-1",
            code="invalid_project",
            field="project_id",
        )
    return Row(
        event_type=event_type,
        source=None if event.source is None else entity_of(event.source),
        actor_id=event.actor.pk if isinstance(event.actor, User) else event.actor,
        actor=event.actor if isinstance(event.actor, User) and not event.actor._state.adding else None,
        payload=payload,
        project_id=event.project_id,
        key=_key(event.idempotency_key),
        traceparent=event.traceparent,
    )


def _key(key: str | None) -> str | None:
    if key is not None and (not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise Refused(
            f"an idempotency key is printable text of 1 to {MAX_KEY} characters",
            code="invalid_idempotency_key",
            field="idempotency_key",
        )
    return key


def _unknown_actors(rows: Mapping[int, Row]) -> dict[int, Refused]:
    """Django's foreign keys are deferred: an unknown actor would blow up only at the caller's COMMIT."""
    wanted = {row.actor_id for row in rows.values() if row.actor_id is not None and row.actor is None}
    valid = {actor for actor in wanted if type(actor) is int and 0 < actor < 2**31}
    known = set(User.objects.filter(pk__in_set=valid).values_list("pk", flat=True)) if valid else set()
    return {
        index: UnknownUser(f"there is no user {row.actor_id!r}", code="unknown_user", field="actor_user_id")
        for index, row in rows.items()
        if row.actor_id in wanted and row.actor_id not in known
    }
