"""Events with their types and actors: what every step after the numbering needs, by a statement that is worded once.

For one event the ORM takes longer over the wording than the database over the work and Django over the instances.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from events import sets
from events.models import Event


def in_log_order(ids: Collection[int]) -> list[Event]:
    """One query."""
    worded = _worded(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute(worded.sql, sets.within("id", ids)[1])
        rows = cursor.fetchall()
    return [worded.event(row) for row in worded.compiler.results_iter([rows])]


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
