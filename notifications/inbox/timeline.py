"""Timelines of entities: what happened to one, as far as a person may know."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from events.accounts import User
from events.entities import Entity
from events.memberships import members_of
from events.models import Event, Membership
from notifications.models import Notification
from notifications.presentation import access

PROJECT = "project"
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, and the person's own notification of it, if there is one."""

    event: Event
    notification_id: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page, newest first. `older`: id of the event that the next page begins after; None: this is the last.
    `is_insider`: the person knows all of it, as who is tied to it does, and who may read the log. `role`: theirs here,
    or empty."""

    entries: list[Entry]
    older: int | None
    is_insider: bool
    role: str


def read(user: User, *, entity: Entity, before: int | None = None) -> Timeline | None:
    """Read a page; None for who may know nothing of the entity. Five queries at most, and one where the host is asked.

    Who is no insider sees what they did themselves, what they were told, and what is in projects of their own.
    """
    if entity not in access.visible(user.pk, [entity]):
        return None
    role = members_of(entity).filter(user=user).values_list("role", flat=True).first() or ""
    is_insider = bool(role) or user.has_perm("carillon_events.view_event")
    events = _about(entity)
    if not is_insider:
        events = events.filter(_known_to(user))
    if before is not None:
        events = events.filter(pk__lt=before)
    found = list(events[: PAGE_SIZE + 1])
    entries = _entries(user, found[:PAGE_SIZE])
    if not entries and not role and before is None:
        return None
    return Timeline(entries, found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None, is_insider, role)


def is_known(user: User, event: Event) -> bool:
    """True where the person may know of the event, as `read` has it of an entity's page."""
    is_insider = user.has_perm("carillon_events.view_event")
    if event.source is not None and not is_insider:
        is_insider = members_of(event.source).filter(user=user).exists()
    is_theirs = is_insider or Event.objects.filter(_known_to(user), pk=event.pk).exists()
    return is_theirs and bool(_entries(user, [event]))


def _about(entity: Entity) -> QuerySet[Event]:
    about = Q(**entity.columns("source_entity"))
    if entity.type == PROJECT and isinstance(entity.id, int):
        about |= Q(project_id=entity.id)
    return Event.objects.filter(about).select_related("event_type", "actor_user").order_by("-pk")


def _known_to(user: User) -> Q:
    projects = Membership.objects.filter(entity_type=PROJECT, user=user)
    told = Notification.objects.filter(event=OuterRef("pk"), user=user, withdrawn_at=None)
    return Q(actor_user=user) | Q(project_id__in=projects.values("entity_id")) | Q(Exists(told))


def _entries(user: User, events: list[Event]) -> list[Entry]:
    """Events without those about what the host hides, and those for named people alone, of whom the person is none."""
    rows = Notification.objects.filter(user=user, event_id__in=[event.pk for event in events], withdrawn_at=None)
    # Of an event's rows the one in the feed, where there is one.
    found = sorted(rows.values_list("channel", "event_id", "pk"), key=lambda row: row[0] == "in_app")
    told = {event_id: pk for _channel, event_id, pk in found}
    seen = access.visible(user.pk, {event.source for event in events if event.source})
    return [
        Entry(event, told.get(event.pk))
        for event in events
        if (event.source is None or event.source in seen) and (event.pk in told or not _is_for_named(event))
    ]


def _is_for_named(event: Event) -> bool:
    rules = event.event_type.rules
    return set(rules) <= {"mentioned"} and bool(rules or event.recipients)
