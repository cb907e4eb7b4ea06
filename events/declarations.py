"""Event types declared in code: an app's `event_types.py` calls `declare`, and `migrate` puts them into the table.

What an admin changed stays as it is: a field is written only where the table still has what code declared last.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from events import event_type_cache
from events.models import EventType


@dataclass(frozen=True, slots=True)
class Declared:
    """The columns of `event_types` that code may declare; `is_active` is for admins alone."""

    name: str
    category: str
    description: str = ""
    is_critical: bool = False
    audience: Sequence[str] = ()
    exclude_actor: bool = False
    actor_becomes_owner: bool = False
    title_template: str = ""
    body_template: str = ""
    url_template: str = ""
    digest_one: str = ""
    digest_many: str = ""
    schema: Mapping[str, Any] | None = None
    sample: Mapping[str, Any] = field(default_factory=dict)
    default_channels: Sequence[str] = ("in_app",)
    is_locked: bool = False
    replaces: str = ""
    updates_quietly: bool = False
    burst_seconds: int = 0
    ladder: Mapping[str, int | str] = field(default_factory=dict)
    resolves: Sequence[str] = ()
    tells_when_over: bool = False
    acknowledge_minutes: int | None = None
    escalates_to: Sequence[str] = ()

    def columns(self) -> dict[str, Any]:
        """Values as the table holds them: lists and objects as JSON gives them back."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "name"}
        return values | {
            "audience": list(self.audience),
            "default_channels": list(self.default_channels),
            "resolves": list(self.resolves),
            "escalates_to": list(self.escalates_to),
            "sample": dict(self.sample),
            "ladder": dict(self.ladder),
            "schema": None if self.schema is None else dict(self.schema),
        }


_declared: dict[str, Declared] = {}


def declare(name: str, *, category: str, **columns: Any) -> None:
    """Declare a type. ImproperlyConfigured, in one sentence, for what could not work or is declared twice.

    `columns`: those of `Declared`, as in the admin: `audience=["owner", "watchers"]`, `title_template="..."`.
    """
    known = [field.name for field in dataclasses.fields(Declared)]
    if unknown := sorted(columns.keys() - set(known)):
        raise ImproperlyConfigured(f"Event type {name!r} declares {unknown[0]!r}; accepted are {', '.join(known)}.")
    if name in _declared:
        raise ImproperlyConfigured(f"Event type {name!r} is declared twice; declare it in one app's event_types.py.")
    declared_type = Declared(name, category, **columns)
    try:
        EventType(name=name, **declared_type.columns()).clean()
    except ValidationError as error:
        wrong = "; ".join(f"{column}: {' '.join(texts)}" for column, texts in error.message_dict.items())
        raise ImproperlyConfigured(f"Event type {name!r} can't be declared so: {wrong}.") from error
    _declared[name] = declared_type


def sync(**_signal: Any) -> None:
    """Insert what is new, update what no admin has changed; types that are no longer declared stay.

    Four queries, and one for each type that differs. Safe to run twice, and from two processes at once.
    """
    if not _declared or not _is_migrated():
        return
    with transaction.atomic():
        rows = EventType.objects.select_for_update().filter(name__in_set=list(_declared)).order_by("id")
        known = {row.name: row for row in rows}
        fresh = [
            EventType(name=name, **declared.columns(), declared=declared.columns())
            for name, declared in _declared.items()
            if name not in known
        ]
        EventType.objects.bulk_create(fresh, ignore_conflicts=True)
        for name, row in known.items():
            _update(row, wanted=_declared[name].columns())
    event_type_cache.clear()


def _is_migrated() -> bool:
    """False while `migrate` goes to a point before the table has the types that come first."""
    return ("carillon_events", "0002_seeded_types") in MigrationRecorder(connection).applied_migrations()


def _update(row: EventType, *, wanted: dict[str, Any]) -> None:
    """A type that was there before it was declared belongs to the admin: only what code declares anew is written."""
    last = wanted if row.declared is None else row.declared
    if row.declared == wanted:
        return
    changed = [
        column
        for column, value in wanted.items()
        if getattr(row, column) == last.get(column, value) and getattr(row, column) != value
    ]
    for column in changed:
        setattr(row, column, wanted[column])
    row.declared = wanted
    row.save(update_fields=[*changed, "declared", "updated_at"])
