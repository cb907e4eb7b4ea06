"""Process that releases the digests of many people as the workers do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from events.bus import NewEvent, publish_many
from events.dispatch import sequencer
from events.models import Event, EventType
from notifications.holds.due import release_due
from notifications.models import Notification, Summary, UserNotificationSettings
from notifications.routing import router


class QueryCounter:
    """Wrapper of database calls that counts the statements."""

    count = 0

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.count += 1
        return execute(*statement)


def main(people: int, rows_each: int) -> dict[str, float]:
    """Seconds of the release, its longest chunk in milliseconds, and the queries of its chunks."""
    prepare(people, rows_each=rows_each)
    return release(people)


def prepare(people: int, *, rows_each: int) -> None:
    """Have everybody collect for a daily digest, in the app and by mail, and tell all of that many events."""
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
    published = publish_many([NewEvent("bench.all") for _ in range(rows_each)])
    sequencer.number()
    events = Event.objects.filter(pk__in=[event.pk for event in published]).select_related("event_type", "actor_user")
    for event in events.order_by("position"):
        with transaction.atomic():
            router.route([event], now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def release(people: int) -> dict[str, float]:
    """Release two days later, when all are due. The last call, which finds nobody left, counts as no chunk."""
    due = timezone.now() + timedelta(days=2)
    queries, longest, more = [], 0.0, True
    began = time.perf_counter()
    while more:
        counter = QueryCounter()
        chunk_began = time.perf_counter()
        with connection.execute_wrapper(counter):
            more = release_due(now=due)
        longest = max(longest, time.perf_counter() - chunk_began)
        queries.append(counter.count)
    duration = time.perf_counter() - began
    assert Summary.objects.count() == people
    assert not Notification.objects.exclude(hold="none").exists()
    of_chunks = [count for count in queries if count > 1]
    return {
        "seconds": duration,
        "longest_ms": longest * 1000,
        "fewest_queries": min(of_chunks),
        "most_queries": max(of_chunks),
    }
