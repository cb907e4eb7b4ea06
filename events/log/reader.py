"""Events with their types and actors, which is what every step after the numbering needs."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Model

from events.db.arrays import any_of
from events.db.rows import quoted
from events.models import Event, EventType

_Row = TypeVar("_Row", bound=Model)


def in_log_order(ids: Collection[int]) -> list[Event]:
    """Events of these ids, their types and actors loaded; three queries."""
    return with_kin(sorted(_by_id(Event, ids).values(), key=lambda event: event.position or 0))


def with_kin(events: Iterable[Event]) -> list[Event]:
    """Load the types and actors of these events; two queries, and one for the events if they are not read yet."""
    found = list(events)
    types = _by_id(EventType, {event.event_type_id for event in found})
    acting = {event.actor_user_id for event in found if event.actor_user_id is not None}
    actors = _by_id(get_user_model(), acting) if acting else {}
    for event in found:
        event.event_type = types[event.event_type_id]
        # Whose account has just gone is nobody any more, here as in the row.
        event.actor_user = actors.get(event.actor_user_id) if event.actor_user_id is not None else None
    return found


def _by_id(model: type[_Row], ids: Collection[int]) -> dict[int, _Row]:
    # In SQL: for one event the ORM takes longer over the wording than the database over the work.
    table, key = (quoted(name) for name in (model._meta.db_table, model._meta.pk.column or ""))
    condition, params = any_of(key, ids)
    sql = f"SELECT * FROM {table} WHERE {condition}"
    return {row.pk: row for row in model._default_manager.raw(sql, params)}
