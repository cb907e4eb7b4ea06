"""The process that `bench.routing` measures: routes one event to everybody, and writes the same rows bare, in turn."""

from __future__ import annotations

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from events import sequence  # noqa: E402
from events.bus import publish  # noqa: E402
from events.models import Event, EventType  # noqa: E402
from notifications import router  # noqa: E402
from notifications.models import NotificationPreference  # noqa: E402

WARM_UP, ROUNDS = 1, 5
BARE = """
INSERT INTO notifications (event_id, user_id, channel, is_delivered, delivered_at, seq, feed_seq, reason)
SELECT %s, id, 'in_app', true, now(), 1, 1, 'everyone' FROM auth_user WHERE is_active
"""


def main() -> None:
    prepare(int(sys.argv[1]))
    times: dict[str, list[float]] = {"transaction": [], "end_to_end": [], "bare": []}
    for number in range(WARM_UP + ROUNDS):
        found = {**routed(), "bare": bare()}
        if number >= WARM_UP:
            for name, seconds in found.items():
                times[name].append(seconds)
    print(json.dumps(times))


def prepare(people: int) -> None:
    """That many people, each with a stored preference that differs from what the type offers; once."""
    if EventType.objects.filter(name="bench.all").exists():
        return
    kind = EventType.objects.create(
        name="bench.all", category="bench", audience=["everyone"], default_channels=["in_app", "email"]
    )
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(people)], batch_size=5000)
    NotificationPreference.objects.bulk_create(
        [NotificationPreference(user=user, event_type=kind) for user in User.objects.all()], batch_size=5000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def fresh() -> Event:
    event = publish("bench.all", payload={"text": "The same to everybody"})
    sequence.number_all()
    return Event.objects.select_related("event_type", "actor_user").get(pk=event.pk)


def routed() -> dict[str, float]:
    """Until the commit, and until the frames are handed over after it."""
    event, committed = fresh(), [0.0]
    began = time.perf_counter()
    with transaction.atomic():
        # The first of the transaction's callbacks: it is called right after the COMMIT.
        transaction.on_commit(lambda: committed.__setitem__(0, time.perf_counter()))
        router.route([event], now=timezone.now())
    return {"transaction": committed[0] - began, "end_to_end": time.perf_counter() - began}


def bare() -> float:
    event = fresh()
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, [event.pk])
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
