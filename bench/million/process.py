"""Process that tells one event to many, or to a few, on command."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from events.bus import Entity, publish
from events.dispatch import runner, sequencer
from events.models import Event, EventType
from notifications.models import Notification
from notifications.routing import audiences, fanout, router

USERS = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined)
SELECT 'u' || n, '!', '', '', '', true, false, false, now() FROM generate_series(1, %s::int) n
"""
# Spread over the whole table, as they would be.
WATCHERS = """
INSERT INTO memberships (entity_type, entity_id, user_id, role)
SELECT 'show', 1, id, 'watcher' FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM auth_user
) people WHERE place %% %s = 0 LIMIT %s
"""
PREFERENCES = """
INSERT INTO notification_preferences (user_id, event_type_id)
SELECT user_id, %s FROM memberships WHERE entity_type = 'show' ON CONFLICT DO NOTHING
"""


def main(users: int, watching: int) -> None:
    """Run each command of the standard input, a line each, and print what it returns as JSON."""
    commands: dict[str, Callable[[], float | None]] = {
        "prepare": lambda: prepare(users, watching),
        "at_once": at_once,
        "in_chunks": in_chunks,
        "urgent": _urgent,
    }
    for line in sys.stdin:
        print(json.dumps(commands[line.strip()]()), flush=True)


def prepare(users: int, watching: int) -> None:
    """Create that many users, of whom so many watch a source and have a preference."""
    event_type = EventType.objects.create(name="bench.show", category="bench", audience=["watchers"])
    EventType.objects.create(name="bench.urgent", category="bench", audience=["actor"], is_critical=True)
    with connection.cursor() as cursor:
        cursor.execute(USERS, [users])
        cursor.execute(WATCHERS, [max(1, users // watching), watching])
        cursor.execute(PREFERENCES, [event_type.pk])
        cursor.execute("VACUUM ANALYZE")


def _publish() -> Event:
    """Publish and number an event to all who watch."""
    event = publish("bench.show", source=Entity("show", 1))
    sequencer.number()
    return Event.objects.select_related("event_type", "actor_user").get(pk=event.pk)


def at_once() -> float:
    """Seconds of one routing transaction."""
    event = _publish()
    began = time.perf_counter()
    with transaction.atomic():
        router.route([event], now=timezone.now())
    return time.perf_counter() - began


def in_chunks() -> float:
    """Seconds of all chunks."""
    event = begin_fanout()
    began = time.perf_counter()
    while fanout.advance(event.pk, now=timezone.now()):
        pass
    return time.perf_counter() - began


def begin_fanout() -> Event:
    """Publish an event and route it as one to a large audience, whose chunks are still to come."""
    event = _publish()
    audiences.LARGE = min(audiences.LARGE, 10)
    with transaction.atomic():
        router.route([event], now=timezone.now())
    return event


def _urgent() -> float:
    """Seconds from the commit of a critical event, published in the middle of a broadcast, until it is told."""
    broadcast = begin_fanout()
    runner.catch_up(router.NAME, now=timezone.now())
    fanout.advance(broadcast.pk, now=timezone.now())
    publish("bench.urgent", actor=User.objects.order_by("-pk")[0])
    began = time.perf_counter()
    # One worker alone: a chunk is under way when it commits, then the log goes first.
    fanout.advance(broadcast.pk, now=timezone.now())
    sequencer.number()
    runner.catch_up(router.NAME, now=timezone.now())
    assert Notification.objects.filter(event__event_type__name="bench.urgent").exists()
    assert fanout.pending()
    return time.perf_counter() - began
