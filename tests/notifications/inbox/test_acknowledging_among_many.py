"""Acknowledging costs the same however many were told; of a crowd a worker tells the tabs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.bus import publish, withdraw
from notifications.escalations import acknowledge
from notifications.models import Escalation, Fanout, Notification
from notifications.routing import fanout
from tests.accounts.factory import new_person
from tests.notifications.factories.routing import NOON, define, route

pytestmark = pytest.mark.django_db

SOON = NOON + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _fire() -> None:
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["admins"]}
    define("odd.fire", category="odd", audience=["everyone"], **escalates)


def told_with(owner, *, others: int) -> Notification:
    """Tell the owner and so many more; the owner's row."""
    count = get_user_model().objects.count()
    get_user_model().objects.bulk_create([new_person(f"u{count + number}") for number in range(others)])
    event = publish("odd.fire")
    route(event)
    return Notification.objects.get(event=event, user=owner, channel="in_app")


def take(row: Notification) -> Escalation:
    return acknowledge.acknowledge(row.user_id, notification_id=row.pk, now=SOON)


@pytest.mark.parametrize("most", [100, 2])
def test_it_costs_as_many_queries_however_many_were_told(owner, monkeypatch, most):
    monkeypatch.setattr(acknowledge, "MOST_AT_ONCE", most)
    asked = []
    for others in (2, 12, 40):
        row = told_with(owner, others=others)
        with CaptureQueriesContext(connection) as captured:
            take(row)
        asked.append(len(captured))
    assert len(set(asked)) == 1


@pytest.fixture
def row(owner, monkeypatch) -> Notification:
    """Row of the owner, who has just taken it on, as one of too many for the request."""
    monkeypatch.setattr(acknowledge, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(fanout, "CHUNK", 4)
    told = told_with(owner, others=12)
    take(told)
    return told


def renewed(row: Notification) -> set[int]:
    """People whose tabs have heard more of it than that it came."""
    rows = Notification.objects.filter(event=row.event_id, channel="in_app", seq__gt=1)
    return set(rows.values_list("user_id", flat=True))


def test_who_takes_it_on_hears_at_once(row):
    assert renewed(row) == {row.user_id}


def test_a_worker_tells_all_chunk_by_chunk(row):
    chunks = 0
    while fanout.advance_each(now=SOON):
        chunks += 1
    assert (chunks, len(renewed(row))) == (4, 13)
    assert not Fanout.objects.exists()


def test_nobody_is_notified_anew(row):
    while fanout.advance_each(now=SOON):
        pass
    assert Notification.objects.filter(event=row.event_id).count() == 13


def test_of_what_is_withdrawn_meanwhile_nobody_is_told(row):
    withdraw(row.event)
    fanout.advance_each(now=SOON)
    assert renewed(row) == {row.user_id}
    assert not Fanout.objects.exists()
