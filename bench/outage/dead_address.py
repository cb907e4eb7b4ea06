"""Process that lets an address with a long queue fail for 31 hours of its own clock, and then answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from delivery import channels
from delivery.channels import Channel, Checked, Frozen, Outcome, Outgoing
from delivery.models import Address, Attempt, Delivery
from delivery.outbox.claim import claim
from delivery.outbox.settle import Result, settle
from events.models import Event, EventType
from notifications.models import Notification

HOURS = 31
FAILED, SENT = Outcome("retry", "http_5xx", http_status=503), Outcome("sent")


class Dead(Channel):
    name = label = "dead"

    def check(self, target: str, *, user: User) -> Checked:
        return Checked(target)

    def freeze(self, outgoing: Outgoing) -> Frozen:
        return Frozen(b"{}", "application/json")


def main(waiting: int) -> dict[str, int]:
    """Rows that changed without ever having been tried, over its opening, every probe and its closing; the probes."""
    channel, now = Dead(), timezone.now()
    channels.register(channel)
    _open(waiting, now=now)
    before, ends = _versions(), now + timedelta(hours=HOURS)
    while now < ends:
        _try_what_is_due(channel, FAILED, now=now)
        now = max(now + timedelta(seconds=1), Address.objects.get(kind=Dead.name).open_until or now)
    _try_what_is_due(channel, SENT, now=now)
    after, tried = _versions(), set(Attempt.objects.values_list("delivery_id", flat=True))
    probes = Attempt.objects.count()
    Address.objects.all().delete()
    return {"touched": sum(before[pk] != after[pk] for pk in before if pk not in tried), "probes": probes}


def _open(waiting: int, *, now: datetime) -> None:
    owner = User.objects.create(username="owner")
    box = Address.objects.create(user=owner, kind=Dead.name, target="box", verified_at=now)
    event_type = EventType.objects.get(name="job.completed")
    EventType.objects.filter(pk=event_type.pk).update(default_channels=["in_app", Dead.name])
    events = Event.objects.bulk_create(Event(event_type=event_type, payload={}) for _ in range(waiting))
    rows = Notification.objects.bulk_create(Notification(event=one, user=owner, channel=Dead.name) for one in events)
    Delivery.objects.bulk_create(Delivery(notification=row, address=box, kind=box.kind, due_at=now) for row in rows)


def _try_what_is_due(channel: Channel, outcome: Outcome, *, now: datetime) -> None:
    claimed = claim(channel, free=channel.slots, retries=channel.slots, now=now).deliveries
    settle([Result(one, outcome, 5) for one in claimed], now=now)


def _versions() -> dict[int, str]:
    """Map each delivery to the transaction that wrote its row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM deliveries")
        return dict(cursor.fetchall())
