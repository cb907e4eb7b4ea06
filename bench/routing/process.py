"""Process that routes one event to everybody, and writes the same rows bare, interleaved."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from bench.timing import interleaved
from events.bus import publish
from events.dispatch import sequencer
from events.models import Event, EventType
from notifications.models import NotificationPreference
from notifications.routing import router

ROUNDS = 5
INSERT = """
INSERT INTO notifications (event_id, user_id, channel, is_delivered, delivered_at, seq, feed_seq, reason)
SELECT %s, id, 'in_app', true, now(), 1, 1, 'everyone' FROM auth_user WHERE is_active
"""


def main(people: int) -> dict[str, list[float]]:
    """Seconds of the routing transaction, of that and the frames after it, and of the bare statement."""
    prepare(people)
    times = interleaved({"ours": route, "bare": insert_bare}, rounds=ROUNDS)
    transactions, end_to_end = map(list, zip(*times["ours"], strict=True))
    return {"transaction": transactions, "end_to_end": end_to_end, "bare": [seconds for seconds, _ in times["bare"]]}


def prepare(people: int) -> None:
    """Create that many people, each with a stored preference that differs from what the type offers; once."""
    if EventType.objects.filter(name="bench.all").exists():
        return
    event_type = EventType.objects.create(
        name="bench.all", category="bench", audience=["everyone"], default_channels=["in_app", "email"]
    )
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(people)], batch_size=5000)
    NotificationPreference.objects.bulk_create(
        [NotificationPreference(user=user, event_type=event_type) for user in User.objects.all()], batch_size=5000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def publish_one() -> Event:
    """Publish and number an event to everybody."""
    event = publish("bench.all", payload={"text": "The same to everybody"})
    sequencer.number()
    return Event.objects.select_related("event_type", "actor_user").get(pk=event.pk)


def route() -> tuple[float, float]:
    """Seconds until the commit, and until the frames are handed over after it."""
    event, committed = publish_one(), [0.0]
    began = time.perf_counter()
    with transaction.atomic():
        # The first of the transaction's callbacks: it is called right after the COMMIT.
        transaction.on_commit(lambda: committed.__setitem__(0, time.perf_counter()))
        router.route([event], now=timezone.now())
    return committed[0] - began, time.perf_counter() - began


def insert_bare() -> tuple[float, float]:
    """Seconds until the commit, twice: nothing comes after it."""
    event = publish_one()
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, [event.pk])
    seconds = time.perf_counter() - began
    return seconds, seconds
