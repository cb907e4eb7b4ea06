"""Preferences that follow a project: defaults that its owners set, and what a person wants from all of it.

Both count as of routing, as memberships do; a person's own choice for a type goes before a default.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from events.accounts import User
from events.entities import Entity
from events.errors import PreferenceRefused, shown
from events.memberships import members_of
from events.models import Event, EventType, Membership
from notifications.inbox import marking, timeline
from notifications.inbox.timeline import PROJECT
from notifications.models import ProjectPreference, ProjectScope
from notifications.preferences import preferences, validation
from notifications.presentation.naming import entity_name

SCOPES = tuple(ProjectScope.Scope.values)
# Of the latest events about projects that many are asked for their names.
MOST_READ = 100


def check_owner(user: User, *, project_id: int) -> None:
    """Raise Membership.DoesNotExist for who may not set the project's defaults: neither an owner nor permitted."""
    is_owner = members_of(Entity(PROJECT, project_id)).filter(user=user, role="owner").exists()
    if not is_owner and not user.has_perm("carillon_notifications.change_projectpreference"):
        raise Membership.DoesNotExist


def defaults_of(project_id: int) -> list[ProjectPreference]:
    """Defaults of the project for every type, by category and name; unsaved ones stand for what the type offers."""
    stored = {row.event_type_id: row for row in ProjectPreference.objects.filter(project_id=project_id)}
    rows = []
    for event_type in EventType.objects.filter(is_active=True).order_by("category", "name"):
        row = stored.get(event_type.pk) or _offered(project_id, event_type)
        row.event_type = event_type
        rows.append(row)
    return rows


def change_default(
    project_id: int, *, event_type_id: int, now: datetime, is_enabled: bool | None = None, channels: Any = None
) -> ProjectPreference:
    """Change what is named (not None). Raises PreferenceRefused, or EventType.DoesNotExist."""
    event_type = EventType.objects.get(pk=event_type_id)
    if channels is not None:
        channels = validation.checked_channels(channels, field="channels")
    if channels == []:
        detail = "channels names none; name one, or switch the type off with is_enabled"
        raise PreferenceRefused(detail, code="invalid", field="channels")
    preferences.check_lock(event_type, is_enabled=is_enabled, channels=channels)
    given = {"is_enabled": is_enabled, "channels": channels}
    changes = {name: value for name, value in given.items() if value is not None}
    offered = {"is_enabled": True, "channels": event_type.default_channels}
    row, _is_new = ProjectPreference.objects.update_or_create(
        project_id=project_id,
        event_type=event_type,
        defaults=changes | {"updated_at": now},
        create_defaults=offered | changes | {"updated_at": now},
    )
    return row


def remove_default(project_id: int, *, event_type_id: int) -> None:
    ProjectPreference.objects.filter(project_id=project_id, event_type_id=event_type_id).delete()


def set_scope(user: User, *, project_id: int, scope: str | None, now: datetime) -> None:
    """Set what the person wants from the project; None: what they chose for each type. Raises PreferenceRefused, or
    Membership.DoesNotExist where they may know nothing of it."""
    if scope is not None and scope not in SCOPES:
        detail = f"scope {shown(scope)} is not known; accepted are {', '.join(SCOPES)}"
        raise PreferenceRefused(detail, code="unknown_scope", field="scope")
    if scope is not None and timeline.read(user, entity=Entity(PROJECT, project_id)) is None:
        raise Membership.DoesNotExist
    with transaction.atomic():
        marking.lock(user.pk)
        if scope is None:
            scopes_of(user.pk).filter(project_id=project_id).delete()
        else:
            changes = {"scope": scope, "updated_at": now}
            ProjectScope.objects.update_or_create(user=user, project_id=project_id, defaults=changes)


def scopes_of(user_id: int) -> QuerySet[ProjectScope]:
    return ProjectScope.objects.filter(user_id=user_id).order_by("pk")


def projects_of(user: User, *, most: int) -> list[int]:
    """Projects that the person belongs to or has a scope for, the latest first, so many at most. Two queries."""
    tied = Membership.objects.filter(user=user, entity_type=PROJECT, entity_id__isnull=False).order_by("-pk")
    found = [*tied.values_list("entity_id", flat=True)[:most], *scopes_of(user.pk).values_list("project_id", flat=True)]
    return [project for project in dict.fromkeys(found) if project is not None][:most]


def names_of(projects: Collection[int]) -> dict[int, str]:
    """Names of projects, as their latest events call them. One query."""
    about = Event.objects.filter(source_entity_type=PROJECT, source_entity_id__in=projects).order_by("-pk")
    payloads: dict[int | None, list[Any]] = {}
    for project, payload in about.values_list("source_entity_id", "payload")[:MOST_READ]:
        payloads.setdefault(project, []).append(payload)
    return {project: entity_name(Entity(PROJECT, project), payloads.get(project, ())) for project in projects}


def presets_of(projects: Collection[int]) -> dict[int, list[ProjectPreference]]:
    """Map each type to the defaults that these projects have for it. One query."""
    found: dict[int, list[ProjectPreference]] = {}
    for row in ProjectPreference.objects.filter(project_id__in=projects).order_by("project_id"):
        found.setdefault(row.event_type_id, []).append(row)
    return found


def default_as_json(row: ProjectPreference) -> dict[str, Any]:
    """The `project default` object of the API. No query for a row that came with its type."""
    return {
        "event_type_id": row.event_type_id,
        "event_type": row.event_type.name,
        "is_set": row.pk is not None,
        "is_enabled": row.is_enabled,
        "channels": row.channels,
    }


def save_defaults(project_id: int, *, wanted: Sequence[tuple[ProjectPreference, list[str]]], now: datetime) -> None:
    """Store the ticked channels of some types, all or none; what the type offers anyway is no default of the project,
    nothing ticked switches it off. Raises PreferenceRefused."""
    with transaction.atomic():
        for row, ticked in wanted:
            fixed = row.event_type.default_channels if row.event_type.is_locked else []
            channels = list(dict.fromkeys([*fixed, *ticked]))
            if set(channels) == set(row.event_type.default_channels):
                remove_default(project_id, event_type_id=row.event_type_id)
            else:
                change_default(
                    project_id,
                    event_type_id=row.event_type_id,
                    now=now,
                    is_enabled=bool(channels),
                    channels=channels or None,
                )


def _offered(project_id: int, event_type: EventType) -> ProjectPreference:
    return ProjectPreference(project_id=project_id, channels=list(event_type.default_channels), event_type=event_type)
