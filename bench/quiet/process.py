"""The process that `bench.quiet` measures: gives a crowd's digests back as the workers do."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from events import sequence  # noqa: E402
from events.bus import NewEvent, publish_many  # noqa: E402
from events.models import Event, EventType  # noqa: E402
from notifications import rounds, router  # noqa: E402
from notifications.models import Notification, Summary, UserNotificationSettings  # noqa: E402


class Asked:
    """How many statements went to the database."""

    count = 0

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.count += 1
        return execute(*statement)


def main() -> None:
    people, each = int(sys.argv[1]), int(sys.argv[2])
    prepare(people, each=each)
    print(json.dumps(close(people)))


def prepare(people: int, *, each: int) -> None:
    """Everybody collects for a daily digest, in the app and by mail, and is told of that many events."""
    EventType.objects.create(name="bench.all", category="bench", audience=["everyone"])
    User.objects.bulk_create(
        [User(username=f"u{number}", email=f"u{number}@example.com", password="!") for number in range(people)],
        batch_size=5000,
    )
    UserNotificationSettings.objects.bulk_create(
        [
            UserNotificationSettings(user=user, digest_enabled=True, digest_channels=["in_app", "email"])
            for user in User.objects.all()
        ],
        batch_size=5000,
    )
    published = publish_many([NewEvent("bench.all") for _ in range(each)])
    sequence.number_all()
    events = Event.objects.filter(pk__in=[event.pk for event in published]).select_related("event_type", "actor_user")
    for event in events.order_by("position"):
        with transaction.atomic():
            router.route([event], now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def close(people: int) -> dict[str, float]:
    """Two days later all are due. Queries are counted chunk by chunk; the look that finds nobody left is none."""
    due = timezone.now() + timedelta(days=2)
    queries, longest, more = [], 0.0, True
    began = time.perf_counter()
    while more:
        asked = Asked()
        chunk_began = time.perf_counter()
        with connection.execute_wrapper(asked):
            more = rounds.release_due(now=due)
        longest = max(longest, time.perf_counter() - chunk_began)
        queries.append(asked.count)
    closing = time.perf_counter() - began
    assert Summary.objects.count() == people
    assert not Notification.objects.exclude(hold="none").exists()
    of_chunks = [count for count in queries if count > 1]
    return {
        "closing": closing,
        "longest": longest * 1000,
        "fewest_queries": min(of_chunks),
        "most_queries": max(of_chunks),
    }


if __name__ == "__main__":
    main()
