"""Notifications of django-notifications-hq, read from its table by SQL: its package need not be installed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from events.db.rows import quoted
from events.rules import moments

BATCH = 500
_NEEDED = "id recipient_id actor_content_type_id actor_object_id verb timestamp unread".split()
_OTHERS = (
    "description target_content_type_id target_object_id action_object_content_type_id action_object_object_id"
    " level data deleted"
).split()


class UnfitTableError(Exception):
    """The table can't be read, or isn't of that package; says so in one sentence."""


class Thing(NamedTuple):
    """Target of a generic foreign key: app label and model, both lower-case, and its key as text."""

    app: str
    model: str
    key: str


@dataclass(frozen=True, slots=True)
class OldNotification:
    """A row. `data`: what the caller of `notify.send` added, as JSON."""

    id: int
    user_id: int
    actor: Thing | None
    verb: str
    action_object: Thing | None
    target: Thing | None
    at: datetime
    is_read: bool
    is_deleted: bool
    description: str
    level: str
    data: Any

    @property
    def things(self) -> list[Thing]:
        return [thing for thing in (self.actor, self.action_object, self.target) if thing]


class Table:
    """The table on one of the project's databases. Raises UnfitTableError where it isn't there; three queries."""

    def __init__(self, name: str, *, alias: str) -> None:
        self.name, self._alias, self._connection = name, alias, connections[alias]
        try:
            with self._connection.cursor() as cursor:
                if name not in self._connection.introspection.table_names(cursor):
                    raise UnfitTableError(f"there is no table {name} on the database {alias!r}")
                described = self._connection.introspection.get_table_description(cursor, name)
                cursor.execute("SELECT id, app_label, model FROM django_content_type")
                self._types = {pk: (app, model) for pk, app, model in cursor.fetchall()}
        except DatabaseError as error:
            raise UnfitTableError(f"the database {alias!r} can't be read: {error}") from error
        self._columns = [column.name for column in described if column.name in {*_NEEDED, *_OTHERS}]
        if missing := [column for column in _NEEDED if column not in self._columns]:
            raise UnfitTableError(
                f"the table {name} has no column {missing[0]}, as that of django-notifications-hq has"
            )

    def count(self) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._quoted(self.name)}")
            return int(cursor.fetchone()[0])

    def batches(self) -> Iterator[list[OldNotification]]:
        """All rows in the order of their ids, one query a batch."""
        columns, last = ", ".join(map(self._quoted, self._columns)), -1
        sql = f"SELECT {columns} FROM {self._quoted(self.name)} WHERE id > %s ORDER BY id LIMIT {BATCH}"
        while True:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, [last])
                rows = [self._row(dict(zip(self._columns, values, strict=True))) for values in cursor.fetchall()]
            if not rows:
                return
            yield rows
            last = rows[-1].id

    def _quoted(self, name: str) -> str:
        return quoted(name, alias=self._alias)

    def _row(self, row: dict[str, Any]) -> OldNotification:
        return OldNotification(
            id=row["id"],
            user_id=row["recipient_id"],
            actor=self._thing(row, "actor"),
            verb=row["verb"],
            action_object=self._thing(row, "action_object"),
            target=self._thing(row, "target"),
            at=self._moment(row["timestamp"]),
            is_read=not row["unread"],
            is_deleted=bool(row.get("deleted")),
            description=row.get("description") or "",
            level=row.get("level") or "",
            data=_json(row.get("data")),
        )

    def _thing(self, row: dict[str, Any], name: str) -> Thing | None:
        known, key = self._types.get(row.get(f"{name}_content_type_id")), row.get(f"{name}_object_id")
        return Thing(*known, str(key)) if known and key is not None else None

    def _moment(self, value: datetime | str) -> datetime:
        """Moment of the column, which SQLite gives as text, within what is accepted."""
        at = parse_datetime(value) if isinstance(value, str) else value
        if at is None:
            return moments.EARLIEST
        if timezone.is_naive(at):
            at = at.replace(tzinfo=self._connection.timezone or timezone.get_default_timezone())
        return min(max(at, moments.EARLIEST), moments.LATEST)


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
