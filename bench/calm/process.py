"""Process that routes to many people with and without mutes, bursts and ladders, closes bursts of theirs, and tests one
person's choices against what they were told of."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from bench.timing import interleaved
from delivery.models import Address
from events.bus import Entity, NewEvent, publish, publish_many
from events.dispatch import sequencer
from events.models import Event, EventType, Membership
from notifications.holds.due import release_due
from notifications.models import Mute, Notification, Summary, UserNotificationSettings
from notifications.preferences import back_test
from notifications.routing import router

ROUNDS = 5
PLAIN, CALM = 1, 2
_numbers = itertools.count(1)


def main(people: int, events: int) -> dict[str, list[list[float]]]:
    """Seconds and those of this process's CPU: of each way to route, of closing a burst of everybody, and of a
    back-test of so many events."""
    prepare(people)
    calm = next_source()
    route(CALM, calm)
    times = interleaved(
        {
            "without": lambda: timed(lambda: route(PLAIN, next_source())),
            "with": lambda: timed(lambda: route(CALM, next_source())),
            "following": lambda: timed(lambda: route(CALM, calm)),
        },
        rounds=ROUNDS,
    )
    closing = timed(lambda: close(people))
    return times | {"closing": [closing], "back_test": back_tests(events)}


def timed(call: Callable[[], object]) -> list[float]:
    began, cpu = time.perf_counter(), time.process_time()
    call()
    return [time.perf_counter() - began, time.process_time() - cpu]


def prepare(people: int) -> None:
    """Create a project of that many people who use nothing of it, and one of as many who have a mute and a ladder of
    their own, and hear of a type that groups; each with a webhook."""
    now = timezone.now()
    for project, name, burst in ((PLAIN, "bench.plain", 0), (CALM, "bench.calm", 3600)):
        EventType.objects.create(
            name=name,
            category="bench",
            audience=["project"],
            default_channels=["in_app", "webhook"],
            burst_seconds=burst,
        )
        names = [f"{name}{number}" for number in range(people)]
        users = User.objects.bulk_create([User(username=name, password="!") for name in names], batch_size=5000)
        about = {"entity_type": "project", "entity_id": project, "role": "member"}
        Membership.objects.bulk_create([Membership(user=user, **about) for user in users], batch_size=5000)
        # Or no row of theirs would mean a delivery, which is what a burst saves.
        ways = [Address(user=user, kind="webhook", target="https://example.com/", verified_at=now) for user in users]
        Address.objects.bulk_create(ways, batch_size=5000)
    Mute.objects.bulk_create([Mute(user=user, entity_type="shot", entity_id=0) for user in users], batch_size=5000)
    UserNotificationSettings.objects.bulk_create(
        [UserNotificationSettings(user=user, ladder={"email": 15}) for user in users], batch_size=5000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def next_source() -> Entity:
    return Entity("shot", next(_numbers))


def route(project: int, source: Entity) -> None:
    """Publish an event of the project, number it and route it."""
    event = publish("bench.calm" if project == CALM else "bench.plain", source=source, project_id=project)
    sequencer.number()
    with transaction.atomic():
        router.route(list(Event.objects.filter(pk=event.pk).select_related("event_type")), now=timezone.now())


def close(people: int) -> None:
    """Release what everybody's burst has held, once its window is over, chunk by chunk."""
    due = timezone.now() + timedelta(hours=2)
    while release_due(now=due):
        pass
    assert Summary.objects.count() == people
    assert not Notification.objects.exclude(hold="none").exists()


def back_tests(events: int) -> list[list[float]]:
    """Times of back-tests of that many events that one person was told of."""
    user = User.objects.create(username="tester", password="!")
    EventType.objects.create(name="bench.mine", category="bench", audience=["actor"], burst_seconds=3600)
    told = [NewEvent("bench.mine", Entity("shot", number % 100), actor=user) for number in range(events)]
    for first in range(0, events, 500):
        published = [event.pk for event in publish_many(told[first : first + 500])]
        sequencer.number()
        batch = Event.objects.filter(pk__in=published).select_related("event_type", "actor_user").order_by("position")
        with transaction.atomic():
            router.route(list(batch), now=timezone.now())
    choices = back_test.Choices([], UserNotificationSettings(user=user), [], ["in_app", "email", "webhook"])
    return [timed(lambda: back_test.run(user.pk, choices=choices, now=timezone.now())) for _ in range(ROUNDS)]
