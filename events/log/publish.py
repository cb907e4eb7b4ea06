"""Publish: a row in the caller's own transaction. What commits is told, what rolls back is not."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

from channels.db import database_sync_to_async
from django.db import connection, transaction
from django.db.models import Model

from events import accounts, event_type_cache
from events.accounts import User
from events.entities import BIGINT_MAX, Entity, entity_of
from events.errors import InactiveEventType, Refused, UnknownEventType, UnknownUser, shown
from events.log import insert, recipients
from events.log.insert import Accepted
from events.log.recipients import Recipients
from events.models import Event, EventType
from events.rules import payload_schema
from events.transport import hints, tracing

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
    to: Recipients | None = None
    tracestate: str = ""


def publish(
    event_type: str,
    *,
    source: Model | Entity | None = None,
    actor: User | int | None = None,
    payload: dict[str, Any] | None = None,
    project_id: int | None = None,
    idempotency_key: str | None = None,
    to: Recipients | None = None,
) -> Event:
    """Publish one event. Raises a kind of Refused before the insert; never for a broker, Redis or a handler.

    `to`: people to tell beside those of the type's rules, at most 10,000. One INSERT if the type is cached and the
    people are loaded users.
    """
    new = NewEvent(event_type, source, actor, payload, project_id, idempotency_key, to=to)
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
    to: Recipients | None = None,
) -> Event:
    """`publish` from a coroutine, in a transaction of its own: Django's are synchronous."""
    new = NewEvent(event_type, source, actor, payload, project_id, idempotency_key, to=to)
    [accepted] = await database_sync_to_async(accept)([new])
    return cast("Accepted", accepted).event


def accept(new: Sequence[NewEvent], *, publisher: str = "") -> list[Accepted]:
    """Store all or none for a publisher ('' in process, `user:<id>` over HTTP); a hint follows the commit.

    At most one query for types, one for people, one for each group or queryset that is addressed, one INSERT and, where
    a key was known, one read; where a type is unknown, one for types and one for near names. A Refused carries the
    element's number as `index`, and those of further elements as `others`.
    """
    if not new:
        return []
    events = _checked(new, publisher=publisher)
    try:
        return _store(events)
    except UnknownEventType:
        # It was cached, and is gone or another by now; the second check knows which one.
        event_type_cache.clear()
        return _store(_checked(new, publisher=publisher))


def _store(events: Sequence[Event]) -> list[Accepted]:
    # One event without a key is one statement, which commits by itself in a third of the round trips.
    is_lone = len(events) == 1 and events[0].idempotency_key is None
    is_one = is_lone and connection.get_autocommit() and not connection.in_atomic_block
    with nullcontext() if is_one else transaction.atomic():
        accepted = insert.insert(events)
        transaction.on_commit(_hint, robust=True)
    return accepted


def _hint() -> None:
    hints.send(NUMBER_TASK)


def draft(new: NewEvent, *, publisher: str = "") -> Event:
    """Check an event as `accept` does, and store nothing. Its key isn't looked for. Raises Refused."""
    return _checked([new], publisher=publisher)[0]


def refusals(new: Mapping[int, NewEvent]) -> dict[int, Refused]:
    """Find what would be refused of these events, by number. The queries of `accept` before its INSERT."""
    return _sifted(new, publisher="")[1]


def _checked(new: Sequence[NewEvent], *, publisher: str) -> list[Event]:
    events, refused = _sifted(dict(enumerate(new)), publisher=publisher)
    if refused:
        first, *others = (refused[index] for index in sorted(refused))
        first.others = others
        raise first
    return list(events.values())


def _sifted(new: Mapping[int, NewEvent], *, publisher: str) -> tuple[dict[int, Event], dict[int, Refused]]:
    types = event_type_cache.by_name(given.event_type for given in new.values())
    events: dict[int, Event] = {}
    refused: dict[int, Refused] = {}
    unknown = []
    for index, given in new.items():
        event_type = types.get(given.event_type) if isinstance(given.event_type, str) else None
        if event_type is None:
            unknown.append(index)
            continue
        try:
            events[index] = _event(given, event_type=event_type, publisher=publisher)
        except Refused as error:
            refused[index] = error
    if unknown:
        known = event_type_cache.names()
        # Looking for near names takes its time, and a few show what is wrong.
        near = {index: known if place < MAX_HINTS else [] for place, index in enumerate(unknown)}
        refused |= {index: event_type_cache.unknown(new[index].event_type, known=near[index]) for index in unknown}
    refused |= _unknown_people(events, new)
    for index in refused:
        refused[index].index = index
    return events, refused


def _event(given: NewEvent, *, event_type: EventType, publisher: str) -> Event:
    if not event_type.is_active:
        raise InactiveEventType(
            f"{event_type.name} is switched off: an admin can make it active again",
            code="event_type_inactive",
            field="event_type",
        )
    payload = {} if given.payload is None else given.payload
    payload_schema.check_payload(payload, schema=event_type.schema)
    if isinstance(given.actor, User) and given.actor.pk is None:
        raise UnknownUser("the actor is not saved", code="unknown_user", field="actor_user_id")
    if given.project_id is not None and (type(given.project_id) is not int or not 0 <= given.project_id <= BIGINT_MAX):
        raise Refused(
            f"project_id {shown(given.project_id)} is not a whole number between 0 and 2^63-1",
            code="invalid_project",
            field="project_id",
        )
    source = None if given.source is None else entity_of(given.source)
    trace = tracing.Context(given.traceparent, given.tracestate) if given.traceparent else tracing.current()
    event = Event(
        event_type=event_type,
        **(source.columns("source_entity") if source else {}),
        actor_user_id=given.actor.pk if isinstance(given.actor, User) else given.actor,
        payload=payload,
        project_id=given.project_id,
        publisher=publisher,
        idempotency_key=_key(given.idempotency_key),
        traceparent=trace.traceparent,
        tracestate=trace.tracestate or None,
        recipients=recipients.ids_of(given.to),
    )
    if isinstance(given.actor, User) and not given.actor._state.adding:
        event.actor_user = given.actor
    return event


def _key(key: str | None) -> str | None:
    if key is not None and (not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise Refused(
            f"an idempotency key is printable text of 1 to {MAX_KEY} characters",
            code="invalid_idempotency_key",
            field="idempotency_key",
        )
    return key


def _unknown_people(events: Mapping[int, Event], new: Mapping[int, NewEvent]) -> dict[int, Refused]:
    """Look for actors and recipients that came as ids. Django's foreign keys are deferred: an unknown actor would blow
    up only at the caller's COMMIT."""
    field = Event._meta.get_field("actor_user")
    acting = {
        index: event.actor_user_id
        for index, event in events.items()
        if event.actor_user_id is not None and not field.is_cached(event)
    }
    addressed = {index: ids for index in events if (ids := recipients.unchecked(new[index].to))}
    named = {actor for actor in acting.values() if type(actor) is int}.union(*addressed.values())
    known = set(accounts.everyone().filter(pk__in_set=named).values_list("pk", flat=True)) if named else set()
    refused: dict[int, Refused] = {
        index: recipients.unknown(ids - known) for index, ids in addressed.items() if not ids <= known
    }
    return refused | {
        index: UnknownUser(f"there is no user {shown(actor)}", code="unknown_user", field="actor_user_id")
        for index, actor in acting.items()
        if actor not in known
    }
