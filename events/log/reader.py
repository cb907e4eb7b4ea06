"""Events with their types and actors, which is what every step after the numbering needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from events.db import arrays
from events.models import Event, EventType

# So many are joined with their types and actors; of more, each of those is read once.
FEW = 20


def in_log_order(ids: Collection[int]) -> list[Event]:
    """One query for a few, three for many.

    For one event the ORM takes longer over the wording than the database over the work and Django over the instances:
    so the statement for a few is worded once.
    """
    if len(ids) > FEW:
        return with_kin(Event.objects.filter(pk__in_set=ids).order_by("position"))
    worded = _worded(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute(worded.sql, arrays.within("id", ids)[1])
        rows = cursor.fetchall()
    return [worded.event(row) for row in worded.compiler.results_iter([rows])]


def with_kin(found: QuerySet[Event]) -> list[Event]:
    """These events, their types and actors loaded; three queries."""
    events = list(found)
    types = {kind.pk: kind for kind in EventType.objects.filter(pk__in_set={event.event_type_id for event in events})}
    acting = {event.actor_user_id for event in events if event.actor_user_id is not None}
    actors = {user.pk: user for user in User.objects.filter(pk__in_set=acting)} if acting else {}
    for event in events:
        event.event_type = types[event.event_type_id]
        # Whose account has just gone is nobody any more, here as in the row.
        event.actor_user = actors.get(event.actor_user_id) if event.actor_user_id is not None else None
    return events


@dataclass(frozen=True, slots=True)
class _Worded:
    """What the ORM makes of the query, as django.db.models.query.ModelIterable asks for it each time."""

    sql: str
    compiler: SQLCompiler
    own: slice
    names: list[str]
    related: list[Any]

    def event(self, row: Any) -> Event:
        event = Event.from_db(self.compiler.using, self.names, row[self.own])
        for populator in self.related:
            populator.populate(row, event)
        return event


@cache
def _worded(alias: str) -> _Worded:
    found = Event.objects.filter(pk__in_set=[0]).select_related("event_type", "actor_user").order_by("position")
    compiler: Any = found.query.get_compiler(alias)
    sql, _params = compiler.as_sql()
    places = compiler.klass_info["select_fields"]
    names = [compiler.select[place][0].target.attname for place in places]
    related: Any = get_related_populators
    populators = related(compiler.klass_info, compiler.select, alias)
    return _Worded(sql, compiler, slice(places[0], places[-1] + 1), names, populators)
