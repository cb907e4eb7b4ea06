"""Addresses, notifications and deliveries, due at NOON unless said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from delivery.models import Address, Delivery, Destination
from events.models import Event, EventType
from notifications.models import Notification

if TYPE_CHECKING:
    from events.accounts import User

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def address(user: User, **fields: Any) -> Address:
    count = Address.objects.filter(user=user).count()
    given = {"kind": "fake", "target": f"box {count}", "verified_at": NOON, **fields}
    return Address.objects.create(user=user, **given)


def destination(*patterns: str, kind: str = "fake", at: datetime | None = None, **fields: Any) -> Destination:
    """One of the site, for everything unless patterns are named. `at`: when it was made."""
    place = Address.objects.create(kind=kind, target=f"place {Address.objects.count()}", verified_at=NOON)
    return Destination.objects.create(
        address=place, patterns=list(patterns) or ["*"], **{"label": "#renders", "created_at": at or AGES_AGO, **fields}
    )


def notification(user: User, *, name: str = "job.completed", channel: str = "fake", **fields: Any) -> Notification:
    """A row as the router writes it, of an event of its own unless one is given."""
    if "event" not in fields:
        payload = {"name": "Shot 042"}
        fields["event"] = Event.objects.create(event_type=EventType.objects.get(name=name), payload=payload)
    return Notification.objects.create(user=user, channel=channel, **fields)


def delivery(to: Address, *, of: Notification | None = None, **fields: Any) -> Delivery:
    """Pending and due at NOON unless said otherwise."""
    row = of or notification(to.person, channel=to.kind)
    return Delivery.objects.create(address=to, kind=to.kind, notification=row, **{"due_at": NOON, **fields})


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
