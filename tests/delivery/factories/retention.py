"""A log and feeds of any age, and short ways to prune them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from delivery.models import Address, Delivery
from delivery.retention import prune as pruning
from events.dispatch import subscribers
from events.models import Event, EventType, LogHead, Subscriber
from notifications.models import Inbox, Notification, Summary

if TYPE_CHECKING:
    from events.accounts import User

NOW = timezone.now()
DAYS = 90
OLD, YOUNG = 100.0, 10.0


def event(age: float = OLD, *, name: str = "job.completed", is_numbered: bool = True, **fields: Any) -> Event:
    """One that is so many days old; numbered and read by all subscribers."""
    position = None
    if is_numbered:
        LogHead.objects.update(position=F("position") + 1)
        position = LogHead.objects.get().position
    made = Event.objects.create(
        event_type=EventType.objects.get(name=name),
        position=position,
        created_at=NOW - timedelta(days=age),
        **fields,
    )
    subscribers.enroll()
    Subscriber.objects.update(position=LogHead.objects.get().position)
    return made


def position_of(event: Event) -> int:
    """Position of an event that is numbered."""
    assert event.position is not None
    return event.position


def row(user: User, age: float = OLD, *, of: Event | None = None, **fields: Any) -> Notification:
    """A person's row of that age, in the feed and unread unless told otherwise, counted in their inbox."""
    made = Notification.objects.create(
        event=of or event(age), user=user, created_at=NOW - timedelta(days=age), **{"channel": "in_app", **fields}
    )
    inbox, _ = Inbox.objects.get_or_create(user=user)
    inbox.seq += 1
    inbox.unread_count += made.channel == "in_app" and not made.is_read
    inbox.save()
    Notification.objects.filter(pk=made.pk).update(seq=inbox.seq, feed_seq=inbox.seq)
    return made


def sent(of: Notification, *, state: str = "sent", tries: int = 1) -> Delivery:
    """A delivery of that row with its attempts."""
    to, _ = Address.objects.get_or_create(user=of.user, kind="webhook", target="https://example.com/hook")
    made = Delivery.objects.create(notification=of, address=to, kind="webhook", state=state, body=b"{}")
    Delivery.objects.filter(pk=made.pk).update(created_at=of.created_at)
    for number in range(tries):
        made.attempts.create(number=number + 1, started_at=of.created_at, outcome="sent")
    return made


def summary(user: User, age: float = OLD, **fields: Any) -> Summary:
    """Summary of that age, with no rows."""
    made = Summary.objects.create(user=user, kind="digest", window=str(age), **fields)
    Summary.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=age))
    return made


def confirmation(user: User, age: float = OLD, **fields: Any) -> Delivery:
    """Delivery that belongs to no row, of that age."""
    to, _ = Address.objects.get_or_create(user=user, kind="webhook", target="https://example.com/hook")
    made = Delivery.objects.create(address=to, kind="webhook", **{"state": "sent", "purpose": "test", **fields})
    Delivery.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=age))
    return made


def prune(*, days: int = DAYS, archive: Path | None = None, **more: Any) -> pruning.Pruned:
    return pruning.prune(now=NOW, days=days, archive_dir=archive, pause=lambda seconds: None, **more)


def there(*rows: Any) -> list[bool]:
    """Presence of each of these rows in the database."""
    return [type(one)._default_manager.filter(pk=one.pk).exists() for one in rows]
