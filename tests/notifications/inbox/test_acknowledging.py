"""Somebody acknowledges a critical event: it goes on to nobody else, and all who were told see who has it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.bus import publish, withdraw
from events.errors import AcknowledgementRefused
from events.models import Event
from notifications.escalations.acknowledge import acknowledge
from notifications.inbox import feed, push
from notifications.models import Escalation, Inbox, Notification
from notifications.routing import fanout
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, NOON, define, notified, route

pytestmark = pytest.mark.django_db

SOON = NOON + timedelta(minutes=1)
DUE = NOON + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def alarm(_tied):
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["watchers"]}
    define("odd.fire", category="odd", audience=["owner", "members"], **escalates)
    event = publish("odd.fire", source=JOB)
    route(event)
    return event


def row_of(user) -> Notification:
    [row] = feed.page(user.pk)
    return row


def taken(user, now=SOON) -> Escalation:
    return acknowledge(user.pk, notification_id=row_of(user).pk, now=now)


def test_it_waits_for_somebody(owner):
    assert feed.as_json(row_of(owner))["acknowledged_by"] == ""


def test_everybody_who_was_told_sees_who_has_it(owner, member):
    taken(owner)
    assert [feed.as_json(row_of(user))["acknowledged_by"] for user in (owner, member)] == [name_of(owner)] * 2


def test_it_goes_on_to_nobody_else(alarm, owner):
    taken(owner)
    fanout.advance_each(now=DUE)
    assert set(notified(alarm)) == {"owner", "member"}


def test_a_step_under_way_stops(alarm, owner, monkeypatch):
    monkeypatch.setattr(fanout, "pending", lambda now: [])
    fanout.advance_each(now=DUE)
    monkeypatch.undo()
    taken(owner, now=DUE)
    fanout.advance_each(now=DUE)
    assert set(notified(alarm)) == {"owner", "member"}


def test_whoever_was_first_has_it(owner, member):
    taken(owner)
    assert taken(member).acknowledged_by == owner
    assert Escalation.objects.get().acknowledged_at == SOON


def test_the_last_who_were_told_can_too(alarm, watcher):
    fanout.advance_each(now=DUE)
    assert taken(watcher).acknowledged_by_id == watcher.pk


def test_tabs_hear_of_it_without_a_toast_and_badges_stay(
    owner, member, monkeypatch, django_capture_on_commit_callbacks
):
    pushed = []
    monkeypatch.setattr(push, "push", lambda pushes, shared: pushed.extend(pushes))
    with django_capture_on_commit_callbacks(execute=True):
        taken(owner)
    assert {(one.user_id, one.frame["own"]["acknowledged_by"], one.frame["toast"]) for one in pushed} == {
        (user.pk, name_of(owner), False) for user in (owner, member)
    }
    assert set(Inbox.objects.filter(pk__in=[owner.pk, member.pk]).values_list("seq", "unread_count")) == {(2, 1)}


def test_nobody_acknowledges_for_another(owner, outsider):
    with pytest.raises(Notification.DoesNotExist):
        acknowledge(outsider.pk, notification_id=row_of(owner).pk, now=SOON)


def test_what_is_over_can_t_be_acknowledged(owner):
    define("odd.out", category="odd", resolves=["odd.fire"])
    route(publish("odd.out", source=JOB))
    with pytest.raises(AcknowledgementRefused):
        taken(owner)


def test_what_never_waited_can_t_be(alarm, owner):
    define("odd.news", category="odd", audience=["owner"])
    news = publish("odd.news", source=JOB)
    route(news)
    with pytest.raises(AcknowledgementRefused):
        acknowledge(owner.pk, notification_id=Notification.objects.get(event=news).pk, now=SOON)


def test_what_is_withdrawn_is_not_there(alarm, owner):
    row = row_of(owner)
    withdraw(alarm)
    route(Event.objects.latest("pk"))
    with pytest.raises(Notification.DoesNotExist):
        acknowledge(owner.pk, notification_id=row.pk, now=SOON)


def test_somebody_whose_account_is_gone_still_has_it(owner, member):
    taken(owner)
    Escalation.objects.update(acknowledged_by=None)
    assert feed.as_json(row_of(member))["acknowledged_by"] == "Somebody"
