"""A critical event that nobody acknowledges in time goes on to the next rule of its type, each step once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from events.bus import publish, withdraw
from events.models import Event, EventType
from events.sweep import sweep
from notifications.escalations import steps
from notifications.inbox import feed
from notifications.models import Escalation, Fanout
from notifications.routing import audiences, fanout
from notifications.routing.reasons import why
from tests.accounts.factory import saved_person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    change_type,
    define,
    notified,
    queries,
    route,
    store_settings,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def fire(db) -> EventType:
    return define(
        "odd.fire",
        category="odd",
        audience=["owner"],
        is_critical=True,
        acknowledge_minutes=5,
        escalates_to=["group:on-call", "admins"],
    )


@pytest.fixture
def on_call():
    user = saved_person("carol")
    user.groups.add(Group.objects.create(name="on-call"))
    return user


@pytest.fixture
def boss():
    return saved_person("boss", is_superuser=True)


@pytest.fixture
def alarm(on_call, boss) -> Event:
    event = publish("odd.fire", source=JOB)
    route(event)
    return event


def wait(minutes: float) -> None:
    """Let the sweep look so many minutes after noon."""
    while fanout.advance_each(now=NOON + minutes * MINUTE):
        pass


def test_until_then_only_its_audience_is_told(alarm):
    wait(4.9)
    assert notified(alarm) == {"owner": "owner"}


def test_each_step_tells_the_people_of_one_rule_more(alarm):
    wait(5)
    assert notified(alarm) == {"owner": "owner", "carol": "escalated"}
    wait(9.9)
    assert "boss" not in notified(alarm)
    wait(10)
    assert notified(alarm)["boss"] == "escalated"


def test_after_the_last_step_nothing_is_waited_for(alarm):
    for minutes in (5, 10, 15, 20):
        wait(minutes)
    row = Escalation.objects.get()
    assert (row.step, row.due_at, [one["rule"] for one in row.told]) == (2, None, ["group:on-call", "admins"])


def test_a_sweep_that_comes_late_takes_one_step_at_a_time(alarm):
    wait(60)
    assert "boss" not in notified(alarm)
    wait(65)
    assert "boss" in notified(alarm)


def test_who_was_told_before_is_not_told_again(alarm, owner, recorder):
    owner.groups.add(Group.objects.get())
    change_type("odd.fire", default_channels=["in_app", "email"])
    wait(5)
    assert notified(alarm)["owner"] == "owner"
    assert len(recorder.opened) == 1


def test_a_step_passes_do_not_disturb(alarm, on_call, recorder):
    store_settings(on_call, dnd_enabled=True)
    change_type("odd.fire", default_channels=["in_app", "email"])
    wait(5)
    assert [row.user_id for row in recorder.opened] == [on_call.pk]


def test_two_sweeps_take_a_step_once(alarm):
    steps.advance(now=NOON + 5 * MINUTE)
    steps.advance(now=NOON + 60 * MINUTE)
    assert [row.rule for row in Fanout.objects.all()] == ["group:on-call"]


def test_a_step_that_is_rolled_back_is_taken_again(alarm):
    with transaction.atomic():
        wait(5)
        transaction.set_rollback(True)
    wait(5)
    assert "carol" in notified(alarm)


def test_a_withdrawn_one_goes_on_no_more(alarm):
    withdraw(alarm)
    wait(5)
    assert notified(alarm) == {"owner": "owner"}
    assert Escalation.objects.get().due_at is None


def test_one_that_is_over_goes_on_no_more(alarm):
    define("odd.out", category="odd", resolves=["odd.fire"])
    route(publish("odd.out", source=JOB))
    assert Escalation.objects.get().due_at is None


def test_a_step_under_way_stops_where_it_is_over(alarm):
    define("odd.out", category="odd", resolves=["odd.fire"])
    steps.advance(now=NOON + 5 * MINUTE)
    route(publish("odd.out", source=JOB))
    wait(5)
    assert notified(alarm) == {"owner": "owner"}
    assert not Fanout.objects.exists()


def test_one_that_was_over_before_its_routing_never_waits():
    define("odd.out", category="odd", resolves=["odd.fire"])
    event = publish("odd.fire", source=JOB)
    withdraw(event)
    sweep()
    assert not Escalation.objects.exists()


def test_a_replay_keeps_the_time_that_was_set(alarm):
    route(alarm, now=NOON + 60 * MINUTE)
    assert Escalation.objects.get().due_at == NOON + 5 * MINUTE


@pytest.mark.parametrize("audience", ["owner", "everyone"])
def test_a_replay_within_a_step_tells_nobody_twice(alarm, recorder, monkeypatch, audience):
    monkeypatch.setattr(fanout, "CHUNK", 2)
    monkeypatch.setattr(audiences, "LARGE", 2)
    change_type("odd.fire", audience=[audience], escalates_to=["everyone"], default_channels=["in_app", "email"])
    steps.advance(now=NOON + 5 * MINUTE)
    fanout.advance(alarm.pk, now=NOON + 5 * MINUTE)
    route(alarm, now=NOON + 5 * MINUTE)
    wait(5)
    mailed = [row.user_id for row in recorder.opened]
    assert len(mailed) == len(set(mailed)) == 5
    assert set(notified(alarm)) == {"owner", "member", "watcher", "carol", "boss"}
    assert [one["rule"] for one in Escalation.objects.get().told] == ["everyone"]


def test_a_type_that_no_longer_escalates_takes_no_further_step(alarm):
    change_type("odd.fire", acknowledge_minutes=None)
    wait(5)
    assert notified(alarm) == {"owner": "owner"}
    assert Escalation.objects.get().due_at is None


def test_a_large_step_goes_by_chunks(alarm, monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK", 2)
    monkeypatch.setattr(audiences, "LARGE", 2)
    change_type("odd.fire", escalates_to=["everyone"])
    wait(5)
    assert notified(alarm)["owner"] == "owner"
    assert set(notified(alarm)) == {"owner", "member", "watcher", "carol", "boss"}


def test_an_audience_still_being_told_is_waited_for(alarm):
    Fanout.objects.create(event=alarm, until_user=10**6)
    steps.advance(now=NOON + 5 * MINUTE)
    assert Escalation.objects.get().step == 0


def test_it_costs_one_query_however_many_wait():
    plain = define("odd.plain", category="odd", audience=["owner"], is_critical=True)
    queries(publish(plain.name, source=JOB))
    without = queries(publish(plain.name, source=JOB))
    assert queries(*(publish("odd.fire", source=JOB) for _ in range(3))) == without + 1


def test_why_names_the_rule_that_it_went_on_to(alarm, on_call):
    wait(5)
    said = why(feed.page(on_call.pk)[0])
    assert (said["reason"], said["rule"]) == ("escalated", "group:on-call")
    assert said["explanation"] == "Nobody acknowledged it in time, so it went on to the group on-call."
