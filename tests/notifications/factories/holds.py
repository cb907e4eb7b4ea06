"""People who hold something, and what they are given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from events.bus import Entity, publish
from notifications.holds import due, release
from notifications.models import Inbox, Notification, Summary
from tests.notifications.factories.routing import NOON, route, store_preference, store_settings

if TYPE_CHECKING:
    from events.accounts import User

HOUR = timedelta(hours=1)
WEEK = list(range(7))
AFTERNOON = [{"days": WEEK, "start": "11:00", "end": "14:00"}]


def hold(user: User, *event_types: str, now: datetime = NOON, **settings: Any) -> None:
    """Tell the person of these, one after the other, each about a job of its own, under these settings."""
    if settings:
        store_settings(user, **settings)
    for number, event_type in enumerate(event_types):
        route(publish(event_type, actor=user, source=Entity("job", 1000 + number)), now=now)


def prefer_mail(user: User, *event_types: str) -> None:
    for event_type in event_types:
        store_preference(user, event_type, channels=["in_app", "email"])


def release_person(user: User, *, now: datetime) -> list[Summary]:
    return release.release([user.pk], now=now)


def release_due(*, now: datetime) -> list[Summary]:
    """Release what the sweep finds due at this time; the summaries there are after it, oldest first."""
    due.release_due(now=now)
    return list(Summary.objects.order_by("id"))


def holds(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("id").values_list("hold", flat=True))


def next_check_at(user: User) -> datetime | None:
    return Inbox.objects.get(pk=user.pk).next_check_at
