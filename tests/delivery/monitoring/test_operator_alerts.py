"""Admins are told over the bus itself when people are told late, when that is over, and when deliveries failed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from delivery.models import Delivery
from delivery.monitoring.operator_alerts import BEHIND, CAUGHT_UP, FAILING, OperatorAlerts
from events.models import Event, EventType, Subscriber
from events.sweep import sweep
from notifications.routing import router
from tests.delivery.factories.deliveries import address, delivery, notification
from tests.notifications.factories.routing import notified

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def alerts() -> OperatorAlerts:
    return OperatorAlerts()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def late(owner, fake, now) -> Delivery:
    return delivery(address(owner), due_at=now - timedelta(minutes=7))


def told(name: str) -> list[Event]:
    return list(Event.objects.filter(event_type__name=name).order_by("id"))


def died(owner, *, at: datetime, name: str = "job.completed") -> None:
    made = delivery(address(owner), of=notification(owner, name=name), state="dead")
    Delivery.objects.filter(pk=made.pk).update(settled_at=at)


def test_a_backlog_that_stands_is_told_once(alerts, late, now):
    for _ in range(3):
        alerts.look(now=now)
    [event] = told(BEHIND)
    assert event.payload["minutes"] == 7


def test_what_one_look_alone_sees_is_no_backlog(alerts, late, now):
    alerts.look(now=now)
    late.delete()
    alerts.look(now=now)
    assert told(BEHIND) == []


def test_a_log_that_is_not_routed_is_a_backlog(alerts, now, monkeypatch):
    monkeypatch.setattr("delivery.monitoring.operator_alerts.MOST_EVENTS", 0)
    kind = EventType.objects.get(name="job.completed")
    Event.objects.create(event_type=kind, payload={})
    Subscriber.objects.filter(name=router.NAME).delete()
    for _ in range(2):
        alerts.look(now=now)
    assert [event.payload["events"] for event in told(BEHIND)] == [1]


def test_its_end_is_told_and_ends_the_row(alerts, late, now, admin):
    for _ in range(2):
        alerts.look(now=now)
    sweep()
    late.delete()
    alerts.look(now=now)
    sweep()
    [began], [over] = told(BEHIND), told(CAUGHT_UP)
    assert (notified(began), began.resolved_by_id) == ({"admin": "admin"}, over.pk)


def test_it_is_not_over_before_half_of_it_is_gone(alerts, late, now):
    for due_since in (7, 7, 4, 2):
        Delivery.objects.update(due_at=now - timedelta(minutes=due_since))
        alerts.look(now=now)
        assert bool(told(CAUGHT_UP)) == (due_since == 2)


def test_of_two_workers_one_tells(late, now):
    workers = OperatorAlerts(), OperatorAlerts()
    for worker in workers * 2:
        worker.look(now=now)
    late.delete()
    for worker in workers:
        worker.look(now=now)
    assert (len(told(BEHIND)), len(told(CAUGHT_UP))) == (1, 1)


def test_a_second_backlog_is_told_too(alerts, owner, late, now):
    for due_since in (7, 7, 0, 7, 7):
        Delivery.objects.update(due_at=now - timedelta(minutes=due_since))
        alerts.look(now=now)
    assert len(told(BEHIND)) == 2


def test_deliveries_that_failed_are_told_by_channel(alerts, owner, fake, now, admin):
    for _ in range(3):
        died(owner, at=now)
    alerts.look(now=now)
    [event] = told(FAILING)
    assert event.payload == {"channel": "Fake", "count": 3}
    sweep()
    assert notified(event) == {"admin": "admin"}


def test_they_are_told_once_an_hour_and_each_once(alerts, owner, fake, now):
    counts = []
    for minute, deaths in ((0, 1), (6, 2), (59, 1), (62, 0), (125, 0), (190, 1)):
        at = now + timedelta(minutes=minute)
        for _ in range(deaths):
            died(owner, at=at)
        before = len(told(FAILING))
        alerts.look(now=at + timedelta(seconds=1))
        for event in told(FAILING)[before:]:
            counts.append((minute, event.payload["count"]))
            Event.objects.filter(pk=event.pk).update(created_at=at)
    assert counts == [(0, 1), (62, 3), (190, 1)]


def test_those_of_another_time_are_not_told(alerts, owner, fake, now):
    died(owner, at=now - 2 * HOUR)
    alerts.look(now=now)
    assert told(FAILING) == []


def test_an_alert_that_fails_raises_none(alerts, owner, fake, now):
    died(owner, at=now, name=FAILING)
    alerts.look(now=now)
    assert len(told(FAILING)) == 1  # the one that could not be delivered


def test_a_type_that_is_switched_off_is_left_untold(alerts, late, now):
    EventType.objects.filter(name=BEHIND).update(is_active=False)
    for _ in range(2):
        alerts.look(now=now)
    assert told(BEHIND) == []


def test_a_process_looks_only_now_and_then(alerts, late, now, monkeypatch):
    alerts.advance(now=now)
    monkeypatch.setattr("delivery.monitoring.operator_alerts.LOOK_EVERY", 0.0)
    for _ in range(2):
        alerts.advance(now=now)
    assert len(told(BEHIND)) == 1


def test_a_look_where_all_is_well_is_eight_queries(alerts, now, django_assert_num_queries):
    with django_assert_num_queries(8):
        alerts.look(now=now)
