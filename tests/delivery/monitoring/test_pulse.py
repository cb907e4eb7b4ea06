"""Pulse counts what happened within its window, how soon people were told, and what waits or failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from delivery.monitoring import pulse
from delivery.monitoring.pulse import WINDOWS, ChannelCount, Figures, percentile, read
from events.models import Event, EventType
from notifications.models import Notification
from tests.delivery.factories.deliveries import NOON, address, after, delivery

pytestmark = pytest.mark.django_db

HOUR = WINDOWS["hour"]


def event(at: datetime, *, name: str = "job.completed") -> Event:
    return Event.objects.create(event_type=EventType.objects.get(name=name), created_at=at)


def told(user: Any, *, at: datetime, seconds: float = 0.0, **fields: Any) -> Notification:
    """A row in the inbox of an event of that moment, so many seconds after it."""
    seen = at + timedelta(seconds=seconds)
    return Notification.objects.create(event=event(at), user=user, delivered_at=seen, **fields)


def figures() -> Figures:
    return read(HOUR, now=NOON)


def test_events_are_counted_by_minute_and_none_from_before_the_window():
    for seconds in (-3600, -90, -61, -10, 0):
        event(after(seconds))
    found = figures()
    assert (found.events[-3:], sum(found.events), found.last_minute) == ([2, 1, 1], 4, 2)


def test_events_are_counted_by_type():
    for name in ("job.failed", "job.completed", "job.failed"):
        event(NOON, name=name)
    names = {event_type.pk: event_type.name for event_type in EventType.objects.all()}
    assert {names[pk]: count for pk, count in figures().by_type.items()} == {"job.failed": 2, "job.completed": 1}


def test_half_of_the_events_took_no_longer_and_nineteen_in_twenty(member):
    for seconds in (0.1, 0.2, 9.0):
        told(member, at=NOON, seconds=seconds)
    found = figures()
    assert (found.p50, found.p95, found.toast_seconds[-1]) == pytest.approx((0.2, 9.0, 0.2))


def test_what_was_held_says_nothing_of_how_soon_people_are_told(member):
    told(member, at=NOON, seconds=0.1, hold="dnd")
    assert figures().p50 is None


def test_events_that_were_told_late_were_waiting_as_each_minute_ended(member):
    told(member, at=after(-175), seconds=130)
    assert figures().unrouted[-5:] == [0, 1, 1, 0, 1]


def test_channels_count_what_was_sent_waits_and_failed_now(fake, member):
    to = address(member)
    for state, at in (("sent", NOON), ("sent", after(-9)), ("dead", NOON), ("sent", after(-9000)), ("pending", None)):
        delivery(to, state=state, settled_at=at)
    told(member, at=NOON, hold="dnd")
    found = figures()
    assert found.channels["fake"] == ChannelCount(sent=2, waiting=1, failed=1)
    assert found.channels["in_app"].waiting == 1
    assert found.delivered[-2:] == [1.0, 0.5]


def test_of_many_events_a_sample_tells_how_many_there_are_of_each_type(monkeypatch):
    monkeypatch.setattr(pulse, "MOST_COUNTED", 100)
    monkeypatch.setattr(pulse, "MOST_SAMPLED", 100)
    for _ in range(200):
        event(NOON, name="job.failed")
        event(NOON, name="job.completed")
    assert list(figures().by_type.values()) == pytest.approx([200, 200], abs=60)


def test_of_many_events_of_one_moment_none_is_passed_over_whatever_order_they_lie_in(monkeypatch):
    monkeypatch.setattr(pulse, "MOST_COUNTED", 100)
    monkeypatch.setattr(pulse, "MOST_SAMPLED", 50)
    first, kind = event(after(-9000)).pk, EventType.objects.get(name="job.failed")
    for number in range(400, 0, -1):
        Event.objects.create(pk=first + number, event_type=kind, created_at=NOON)
    assert figures().by_type[kind.pk] == 400


@pytest.mark.parametrize("many", [2, 12])
def test_the_queries_do_not_grow(fake, member, many):
    for _ in range(many):
        told(member, at=NOON)
        delivery(address(member), state="sent", settled_at=NOON)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        figures()
    assert len(queries) <= 17


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_exceeded_by_no_more_than_its_share(values, share):
    value = percentile(values, share)
    assert value in values
    assert sum(each <= value for each in values) >= share * len(values) > sum(each < value for each in values) - 1e-6
