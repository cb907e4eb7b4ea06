"""A person's inbox row is the one lock: what changes there is seen by the router, or comes after it."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from events.bus import NewEvent, publish, publish_many
from events.models import EventType
from events.sweep import sweep
from notifications.inbox import feed, marking
from notifications.preferences import preferences
from tests.events.concurrency import Running, at_once
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, notified

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]


def test_a_choice_whose_transaction_began_before_routing_counts(owner):
    """The router waits for the person's row and reads what they chose after it has it."""
    holds, event = threading.Event(), publish("job.completed", source=JOB)
    kind = EventType.objects.get(name="job.completed")

    def switch_off() -> None:
        with transaction.atomic():
            preferences.change(owner.pk, event_type_id=kind.pk, now=NOON, is_enabled=False)
            holds.set()
            threading.Event().wait(0.3)

    changing = Running(switch_off)
    assert holds.wait(10)
    sweep()
    changing.join()
    assert notified(event) == {}


def test_routing_and_reading_at_once_lose_no_count(owner):
    publish_many([NewEvent(name, source) for name in TYPES for source in (JOB, OTHER_JOB)])
    at_once(sweep, *[lambda: marking.mark_all(owner.pk, now=NOON)] * 4, sweep)
    unread = feed.page(owner.pk, unread_only=True)
    assert marking.state(owner.pk).unread_count == len(unread)
    assert len(feed.page(owner.pk)) == len(TYPES)


TYPES = ["review.submitted", "review.approved", "review.rejected", "job.started"]


def test_two_routers_at_once_tell_nobody_twice(owner):
    publish_many([NewEvent(name, JOB) for name in TYPES])
    at_once(sweep, sweep, sweep)
    assert marking.state(owner.pk) == marking.State(len(TYPES), len(TYPES))
