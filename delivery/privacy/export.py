"""All that is kept of a person, as one JSON object that is made while it is written."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from delivery.privacy import events, walk
from delivery.privacy.archives import ArchivedPerson
from delivery.privacy.person import Person
from delivery.privacy.tables import NAMED_IN, OWNED
from events.rendering import render
from notifications.models import Notification

CHUNK = 500
Row = dict[str, Any]


def pieces(person: Person, *, archive_dir: str | Path | None) -> Iterator[str]:
    """Text of the object, piece by piece: `account`, and a list of rows for each table, of the archive too.

    Reads the log and the archive whole. ValueError for a type whose schema can't be read.
    """
    yield f'{{"user_id": {person.id}, "account": {_json(_account(person))}'
    for name, rows in _sections(person, archive_dir):
        yield f',\n"{name}": ['
        for number, row in enumerate(rows):
            yield (",\n" if number else "\n") + _json(row)
        yield "]"
    yield "}\n"


def _sections(person: Person, archive_dir: str | Path | None) -> Iterator[tuple[str, Iterable[Row]]]:
    schemas = events.marked_schemas()
    for table in OWNED:
        rows = table.rows(person)
        told = table.model is Notification
        yield table.name, _told(rows) if told else rows.values(*table.columns()).iterator(chunk_size=CHUNK)
    for table in NAMED_IN:
        yield f"{table.name} by {table.lookup.removesuffix('_id')}", table.rows(person).values().iterator()
    concern = (row for row in walk.events() if events.concerns(row, person=person, schemas=schemas))
    yield "events", concern
    yield "notifications of others", walk.notifications_of_others(person)
    if archive_dir:
        archived = ArchivedPerson(archive_dir, person, schemas=schemas)
        yield "archive", ({"file": file, **row} for file, row in archived.rows())


def _told(rows: Any) -> Iterator[Row]:
    """Notifications with their texts, as their person reads them now."""
    columns = [field.attname for field in Notification._meta.concrete_fields]
    for row in rows.select_related("event__event_type", "event__actor_user").iterator(chunk_size=CHUNK):
        text = render(row.event, row.event.event_type)
        yield {name: getattr(row, name) for name in columns} | {"title": text.title, "body": text.body}


def _account(person: Person) -> Row | None:
    account = person.account
    if account is None:
        return None
    columns = [field.attname for field in account._meta.concrete_fields if field.attname != "password"]
    return {name: getattr(account, name) for name in columns}


class _Encoder(DjangoJSONEncoder):
    """Encoder that shows what was sent as text."""

    def default(self, o: Any) -> Any:
        return bytes(o).decode(errors="replace") if isinstance(o, bytes | memoryview) else super().default(o)


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False)
