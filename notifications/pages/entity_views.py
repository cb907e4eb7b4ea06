"""An entity's page: its name and state, its timeline, and who is involved; made of its events alone."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from events import accounts
from events.accounts import User
from events.entities import Entity, whole_number
from events.errors import EntityRefused
from events.memberships import members_of
from events.models import Event
from events.pages.decorators import page
from notifications.inbox import feed, timeline
from notifications.inbox.timeline import PROJECT, Entry, Timeline
from notifications.pages import follow_control
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.requests import person, query_string
from notifications.presentation import labels, times
from notifications.presentation.naming import entity_name, initials

MOST_PEOPLE = 12


@page
def entity_page(request: HttpRequest, entity_type: str, entity_id: int | str) -> HttpResponse:
    try:
        entity = Entity(entity_type, entity_id)
    except EntityRefused as error:
        raise Http404 from error
    context = _story(person(request), status_for(request), entity=entity, before=request.GET.get("before", ""))
    return render(request, "carillon/notifications/entity.html", context)


def _story(user: User, inbox: InboxStatus, *, entity: Entity, before: str) -> dict[str, Any]:
    """All that the page shows, in queries that don't grow with it. Http404 for who may know nothing of it."""
    newest, last = timeline.read(user, entity=entity), whole_number(before)
    shown = newest if last is None else timeline.read(user, entity=entity, before=last)
    if newest is None or shown is None:
        raise Http404
    own = [entry.event for entry in newest.entries if entry.event.source == entity]
    valid = [event for event in own if event.withdrawn_at is None]
    telling = next((event for event in valid if labels.state_of(event.event_type.name)), own[0] if own else None)
    event_type = telling.event_type if telling else None
    name = entity_name(entity, (event.payload for event in own))
    return {
        "name": name,
        "category": event_type.category if event_type else "",
        "icon": labels.icon_of(event_type.name, category=event_type.category) if event_type else "users",
        "is_failure": bool(event_type and labels.is_failure(event_type.name)),
        "state": labels.state_of(event_type.name) if event_type else None,
        "entity": str(entity),
        "entity_id": entity.id,
        "is_owned_project": newest.role == "owner" and entity.type == PROJECT and isinstance(entity.id, int),
        "control": follow_control.control(user, entity=entity, name=name, inbox=inbox),
        "project": _project(user, own) if entity.type != PROJECT else None,
        "people": _people(entity, newest),
        "rows": [_row(entry, entity=entity, inbox=inbox) for entry in shown.entries],
        "older": query_string(before=shown.older),
    }


def _row(entry: Entry, *, entity: Entity, inbox: InboxStatus) -> dict[str, Any]:
    event, source = entry.event, entry.event.source
    category = event.event_type.category
    return feed.event_json(event) | {
        "icon": labels.icon_of(event.event_type.name, category=category),
        "is_failure": labels.is_failure(event.event_type.name),
        "category_name": labels.category_name(category),
        "notification_id": entry.notification_id,
        "ended": _("Withdrawn") if event.withdrawn_at else _("Over") if event.resolved_by_id else "",
        "about": {"name": entity_name(source, [event.payload]), "of": source} if source and source != entity else None,
        "at": event.created_at,
        "when": times.short_time(event.created_at, now=inbox.now, zone=inbox.zone),
        "when_full": times.full_time(event.created_at, zone=inbox.zone),
    }


def _people(entity: Entity, newest: Timeline) -> list[dict[str, str]]:
    """The first people with a role there, for insiders; then who else did what is told above."""
    rank = Case(When(role="owner", then=Value(0)), When(role="member", then=Value(1)), default=Value(2))
    tied = members_of(entity).order_by(rank, "pk")[:MOST_PEOPLE] if newest.is_insider else []
    found = {member.user: labels.role_name(member.role) for member in tied}
    for entry in newest.entries:
        if entry.event.actor_user and len(found) < MOST_PEOPLE:
            found.setdefault(entry.event.actor_user, _("Took part"))
    named = [(accounts.full_name(user), role) for user, role in found.items()]
    return [{"name": name, "initials": initials(name), "role": role} for name, role in named]


def _project(user: User, own: Sequence[Event]) -> dict[str, Any] | None:
    """The project of the latest event that has one, if the person may know anything of it."""
    number = next((event.project_id for event in own if event.project_id is not None), None)
    project = Entity(PROJECT, number) if number is not None else None
    known = timeline.read(user, entity=project) if project else None
    if project is None or known is None:
        return None
    payloads = (entry.event.payload for entry in known.entries if entry.event.source == project)
    return {"id": project.id, "name": entity_name(project, payloads)}
