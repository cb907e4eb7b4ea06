"""Preferences of a person for each event type: read with their defaults, changed under the inbox lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from events.errors import PreferenceRefused
from events.log.withdraw import WITHDRAWN
from events.models import EventType
from events.rules.ladders import NEVER, Step
from notifications.inbox import marking
from notifications.models import NotificationPreference
from notifications.preferences import validation


def ensure(user_id: int) -> list[NotificationPreference]:
    """The person's preference for every active type, by category and name; missing rows are made with their defaults.

    Two queries, and two more when something was missing, however many types there are.
    """
    # Nobody is told of a withdrawal by itself.
    chosen = EventType.objects.filter(is_active=True).exclude(name=WITHDRAWN)
    event_types = list(chosen.order_by("category", "name"))
    rows_by_type = _by_type(user_id)
    missing = [event_type for event_type in event_types if event_type.pk not in rows_by_type]
    if missing:
        # A row with the defaults routes as none does, so this needs no lock.
        NotificationPreference.objects.bulk_create(
            [_default(user_id, event_type) for event_type in missing], ignore_conflicts=True
        )
        rows_by_type = _by_type(user_id)
    rows = [(event_type, rows_by_type[event_type.pk]) for event_type in event_types if event_type.pk in rows_by_type]
    for event_type, row in rows:
        row.event_type = event_type
    return [row for _event_type, row in rows]


def change(
    user_id: int,
    *,
    event_type_id: int,
    now: datetime,
    is_enabled: bool | None = None,
    channels: Sequence[str] | None = None,
    scope: str | None = None,
    ladder: Mapping[str, Step] | None = None,
) -> NotificationPreference:
    """Change what is named (not None). Raises PreferenceRefused, or EventType.DoesNotExist."""
    named: dict[str, Any] = {"is_enabled": is_enabled, "channels": channels, "scope": scope, "ladder": ladder}
    changes = {field: value for field, value in named.items() if value is not None}
    if channels is not None:
        changes["channels"] = validation.checked_channels(channels, field="channels")
    if scope is not None:
        validation.check_scope(scope)
    if ladder is not None:
        validation.check_ladder(ladder, field="ladder")
    with transaction.atomic():
        marking.lock(user_id)
        event_type = EventType.objects.get(pk=event_type_id)
        check_lock(event_type, is_enabled=is_enabled, channels=changes.get("channels"), ladder=ladder or {})
        row = NotificationPreference.objects.filter(user_id=user_id, event_type=event_type).first()
        row = row or _default(user_id, event_type)
        row.event_type = event_type
        for field, value in changes.items():
            setattr(row, field, value)
        if changes.keys() & {"is_enabled", "channels"}:
            row.chosen_at = now
        row.updated_at = now
        row.save()
    return row


def forget(user_id: int, *, event_type_id: int) -> None:
    """Take a choice back: the defaults of the type and of projects count again. EventType.DoesNotExist for none."""
    with transaction.atomic():
        marking.lock(user_id)
        event_type = EventType.objects.get(pk=event_type_id)
        defaults = {"is_enabled": True, "channels": event_type.default_channels, "scope": "all", "chosen_at": None}
        NotificationPreference.objects.filter(user_id=user_id, event_type=event_type).update(**defaults)


def as_json(row: NotificationPreference) -> dict[str, Any]:
    """The `preference` object of the API. No query for a row that came from here."""
    event_type = row.event_type
    return {
        "event_type_id": event_type.pk,
        "event_type": event_type.name,
        "category": event_type.category,
        "description": event_type.description or "",
        "is_critical": event_type.is_critical,
        "is_locked": event_type.is_locked,
        "is_enabled": row.is_enabled,
        "channels": row.channels,
        "scope": row.scope,
        "ladder": row.ladder,
    }


def check_lock(
    event_type: EventType,
    *,
    is_enabled: bool | None,
    channels: Sequence[str] | None,
    ladder: Mapping[str, Step] | None = None,
) -> None:
    """Raise PreferenceRefused where this would switch off a locked type, or silence one of its own channels."""
    if not event_type.is_locked:
        return
    if is_enabled is False:
        raise PreferenceRefused(
            f"{event_type.name} is locked: it can't be switched off", code="locked", field="is_enabled"
        )
    dropped = [name for name in event_type.default_channels if channels is not None and name not in channels]
    if dropped:
        raise PreferenceRefused(
            f"{event_type.name} is locked: it keeps {', '.join(dropped)}; other channels may be added",
            code="locked",
            field="channels",
        )
    silent = [name for name in event_type.default_channels if (ladder or {}).get(name) == NEVER]
    if silent:
        raise PreferenceRefused(
            f"{event_type.name} is locked: {', '.join(silent)} may wait for it, and can't be “{NEVER}”",
            code="locked",
            field="ladder",
        )


def _default(user_id: int, event_type: EventType) -> NotificationPreference:
    return NotificationPreference(user_id=user_id, event_type=event_type, channels=list(event_type.default_channels))


def _by_type(user_id: int) -> dict[int, NotificationPreference]:
    return {row.event_type_id: row for row in NotificationPreference.objects.filter(user_id=user_id)}
