"""Short ways to set the scene and to read what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.bus import Entity, NewEvent
from events.log import publish
from events.models import Event, EventType
from events.sweep import sweep
from notifications.inbox import feed
from notifications.models import Mute, Notification, NotificationPreference, UserNotificationSettings
from notifications.routing import router
from notifications.routing.facts import Plan
from tests.accounts.factory import name_field
from tests.events.numbering import number_all

if TYPE_CHECKING:
    from events.accounts import User

JOB = Entity("job", 42)
OTHER_JOB = Entity("job", 43)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


def publish_and_route(event_type: str, **facts: Any) -> Event:
    """Publish one event and let the router have it, as the sweeper does."""
    event = publish.publish(event_type, **facts)
    sweep()
    return event


def publish_and_route_batch(*events: NewEvent) -> list[Event]:
    """Publish several; the router gets them as one batch."""
    published = publish.publish_many(events)
    sweep()
    return published


def route(*events: Event, now: datetime = NOON) -> Plan:
    """Number what is unnumbered and route these events at a time of our choice; what was decided."""
    number_all()
    loaded = Event.objects.filter(pk__in=[event.pk for event in events]).select_related("event_type", "actor_user")
    with transaction.atomic():
        return router.route(list(loaded.order_by("position")), now=now)


def queries(*events: Event) -> int:
    """Count the queries that routing them takes."""
    with CaptureQueriesContext(connection) as asked:
        route(*events)
    return len(asked)


def notified(event: Event) -> dict[str, str]:
    """People who have it in their feed, each with the reason."""
    rows = Notification.objects.filter(event=event, channel="in_app")
    return dict(rows.values_list(f"user__{name_field()}", "reason"))


def feed_types(user: User) -> list[str]:
    """The types in a person's feed, newest surfaced first."""
    return [row.event.event_type.name for row in feed.page(user.pk)]


def channels_of(user: User, event: Event) -> set[str]:
    return set(Notification.objects.filter(event=event, user=user).values_list("channel", flat=True))


def store_preference(user: User, event_type: str, **choice: Any) -> None:
    """Write a preference as another program might: unchecked."""
    kind = EventType.objects.get(name=event_type)
    NotificationPreference.objects.update_or_create(user=user, event_type=kind, defaults=choice)


def store_settings(user: User, **settings: Any) -> None:
    """Write a person's settings, unchecked."""
    UserNotificationSettings.objects.update_or_create(user=user, defaults=settings)


def mute(user: User, *, of: Entity, until: datetime | None = None) -> None:
    Mute.objects.create(user=user, until=until, **of.columns("entity"))


def define(name: str, *, audience: Sequence[str] = ("actor",), **fields: Any) -> EventType:
    """A new event type: one row."""
    category = fields.pop("category", "job")
    return EventType.objects.create(name=name, category=category, audience=list(audience), **fields)


def change_type(name: str, **fields: Any) -> None:
    EventType.objects.filter(name=name).update(**fields)
