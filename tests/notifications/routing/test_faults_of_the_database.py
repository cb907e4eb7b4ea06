"""What the database really answers, to the router and to a large audience: bad is parked, nobody's fault waited for,
the unknown set aside; whatever it is, others are told, and in the end everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from events.bus import publish
from events.dispatch import replay, runner
from events.models import Event, EventType, ParkedEvent
from notifications.models import Fanout, Notification
from notifications.routing import audiences, fanout, router
from tests.accounts.factory import new_person
from tests.events.fakes.database_errors import raising
from tests.events.numbering import number_all

pytestmark = [pytest.mark.service, pytest.mark.usefixtures("committed")]
LARGE = pytest.mark.parametrize("large", [False, True], ids=["router", "fan-out"])


@pytest.fixture
def event(large, monkeypatch) -> Event:
    get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(4)])
    EventType.objects.create(name="news.all", category="system", audience=["everyone"])
    monkeypatch.setattr(audiences, "LARGE", 1 if large else 10)
    return publish("news.all")


def work(*seconds: int) -> None:
    """As a worker does, at these seconds from now."""
    for after in seconds:
        now = timezone.now() + timedelta(seconds=after)
        number_all()
        runner.catch_up(router.NAME, now=now)
        fanout.advance_each(now=now)
        replay.retry_due(now=now)


def told(event: Event) -> int:
    return Notification.objects.filter(event=event).count()


@LARGE
@pytest.mark.parametrize("sqlstate", ["23514", "22001", "P0001"])
def test_what_is_known_to_be_bad_is_parked(event, sqlstate):
    with raising(sqlstate, on="notifications", when=f"NEW.event_id = {event.pk}"):
        work(0, 2, 10, 60, 3600)
    assert (told(event), ParkedEvent.objects.get().retry_at) == (0, None)


@LARGE
@pytest.mark.parametrize("sqlstate", ["53100", "53200", "25006", "40001", "55P03", "57P03", "58030"])
def test_for_what_is_nobody_s_fault_it_is_waited(event, sqlstate):
    with raising(sqlstate, on="notifications"):
        work(0, 2, 10, 60, 3600)
    assert (told(event), ParkedEvent.objects.count(), fanout.count_set_aside()) == (0, 0, 0)
    work(3601)
    assert told(event) == 4


@LARGE
@pytest.mark.parametrize("sqlstate", ["57014", "XX000", "42P01", "0A000"])
def test_what_may_be_anybody_s_fault_is_set_aside_and_others_are_told(event, large, sqlstate):
    with raising(sqlstate, on="notifications", when=f"NEW.event_id = {event.pk}"):
        work(0, 2, 10)
        after = publish("news.all")
        work(11, 12)
        assert (told(event), told(after)) == (0, 4)
        assert [ParkedEvent.objects.filter(retry_at__isnull=False).count(), fanout.count_set_aside()] == [
            1 - large,
            0 + large,
        ]
    work(10_000)
    assert (told(event), ParkedEvent.objects.count(), Fanout.objects.count()) == (4, 0, 0)
