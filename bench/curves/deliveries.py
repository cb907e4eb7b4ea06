"""Process that lets deliveries wait, and counts the CPU of claiming and settling some of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from bench import cpu
from delivery import channels
from delivery.channels import Outcome
from delivery.channels.webhook import signing
from delivery.encryption import seal
from delivery.models import Address, Delivery
from delivery.outbox import claim
from delivery.outbox.settle import Result, settle
from events.models import EventType

CHANNEL = "webhook"
# Taken in claims of so many at each size.
TAKEN, FREE = 500, 200

EVENTS = """
INSERT INTO events (event_type_id, source_entity_type, source_entity_id, position, payload)
SELECT %s, 'job', n, n, '{"name": "Shot"}' FROM generate_series(%s::int, %s::int) n
"""
# Address by address in turn.
NOTIFICATIONS = """
INSERT INTO notifications (event_id, user_id, channel, reason)
SELECT e.id, (%s::bigint[])[1 + e.position %% %s], %s, 'everyone' FROM events e WHERE e.position BETWEEN %s AND %s
"""
DELIVERIES = """
INSERT INTO deliveries (notification_id, channel_id, kind)
SELECT n.id, a.id, a.kind FROM notifications n JOIN notification_channels a ON a.user_id = n.user_id
JOIN events e ON e.id = n.event_id WHERE e.position BETWEEN %s AND %s ORDER BY n.id
"""


def main(sizes: Sequence[int], addresses: int) -> list[float]:
    """Milliseconds of CPU a delivery, claimed and settled, while so many wait at so many addresses."""
    users = _create_users(addresses)
    position, measured = 0, []
    for size in sizes:
        missing = size - Delivery.objects.filter(state=Delivery.State.PENDING).count()
        _fill(users, first=position + 1, last=position + missing)
        position += missing
        _send(FREE)
        measured.append(1000 * cpu.spent(lambda: _send(TAKEN)) / TAKEN)
    return measured


def _create_users(count: int) -> list[int]:
    users = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(count)])
    their = {"kind": CHANNEL, "target": "https://example.com/hook", "secret": seal(signing.new_secret())}
    Address.objects.bulk_create(Address(user=user, verified_at=timezone.now(), **their) for user in users)
    return [user.pk for user in users]


def _fill(users: Sequence[int], *, first: int, last: int) -> None:
    event_type = EventType.objects.get(name="job.completed")
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [event_type.pk, first, last])
        cursor.execute("ANALYZE events")
        cursor.execute(NOTIFICATIONS, [list(users), len(users), CHANNEL, first, last])
        cursor.execute("ANALYZE notifications")
        cursor.execute(DELIVERIES, [first, last])
        cursor.execute("VACUUM ANALYZE")


def _send(count: int) -> None:
    """Claim so many and write that they were sent."""
    channel, sent, after = channels.named(CHANNEL), 0, 0
    while sent < count:
        batch = claim.claim(channel, free=FREE, retries=FREE, after=after, now=timezone.now())
        assert batch.deliveries or not batch.is_last, "nothing is due"
        after = batch.after
        settle([Result(leased, Outcome("sent"), 1) for leased in batch.deliveries], now=timezone.now())
        sent += len(batch.deliveries)
