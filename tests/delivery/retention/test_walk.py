"""Tables are walked in batches, wherever these end; what is found is asked again once it is locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import Q

from delivery.models import Address, Delivery
from delivery.retention import limits, step
from delivery.retention.step import RetentionStep
from delivery.retention.tables import Events, LoneDeliveries, Notifications, Summaries
from events.dispatch import watermarks
from events.models import Subscriber
from notifications.inbox import removal
from notifications.models import Inbox, Notification
from tests.delivery.factories.retention import (
    DAYS,
    NOW,
    OLD,
    YOUNG,
    confirmation,
    event,
    position_of,
    prune,
    row,
    sent,
    summary,
    there,
)

pytestmark = pytest.mark.django_db
BEFORE = NOW - timedelta(days=DAYS)


@pytest.fixture(params=[1, 2, 3, 7, 100])
def _size(request, monkeypatch) -> None:
    """So many rows in every batch."""
    rows_a_batch(request.param, monkeypatch)


def rows_a_batch(number: int, monkeypatch) -> None:
    for name in ("FIRST", "LEAST", "MOST"):
        monkeypatch.setattr(step, name, number)


def notifications() -> Notifications:
    return Notifications(limits.routed(BEFORE))


def summaries() -> Summaries:
    return Summaries(limits.routed(BEFORE), pointing=Notification.objects.all())


def lone_deliveries() -> LoneDeliveries:
    return LoneDeliveries(limits.routed(BEFORE))


def events() -> Events:
    return Events(limits.by_age(BEFORE), pointing=(Notification.objects.all(), Delivery.objects.all()), among=Q())


def take(step: RetentionStep, ids: list[int]) -> dict[str, int]:
    return +step.take(ids, archived=None)


@pytest.mark.usefixtures("_size")
@pytest.mark.parametrize("is_archived", [False, True])
def test_all_goes_however_many_rows_a_batch_has(owner, member, tmp_path, is_archived):
    for one in [event() for _ in range(3)]:
        for user in (owner, member):
            for channel in ("in_app", "email", "webhook"):
                made = row(user, of=one, channel=channel)
                if channel == "webhook":
                    sent(made)
    gone = prune(archive=tmp_path if is_archived else None).gone
    assert gone == {"notifications": 18, "deliveries": 6, "delivery_attempts": 6, "events": 3}
    assert set(Inbox.objects.values_list("unread_count", flat=True)) == {0}


@pytest.mark.usefixtures("_size")
def test_what_stays_never_ends_a_walk(owner):
    stay: list[Any] = []
    go: list[Any] = []
    for _ in range(3):
        stay += [row(owner, hold="dnd"), confirmation(owner, state="pending"), summary(owner, OLD + len(go))]
        row(owner, YOUNG, of=event(), summary=stay[-1])
        go += [row(owner), confirmation(owner), summary(owner, OLD + len(go) + 0.5)]
    prune()
    assert there(*stay) == [True] * 9
    assert there(*go) == [False] * 9


def test_a_walk_reads_each_row_once_in_the_order_of_its_key(owner, member, monkeypatch):
    made = [
        row(user, of=one, channel=channel)
        for one in (event(), event())
        for user in (owner, member)
        for channel in ("email", "in_app")
    ]
    rows_a_batch(3, monkeypatch)
    ids = [one.pk for one in made]
    assert list(notifications().batches()) == [ids[:3], ids[3:6], ids[6:]]


@pytest.mark.parametrize("step", [summaries, lone_deliveries])
def test_a_walk_by_id_ends_where_a_whole_batch_is_young(owner, step, monkeypatch):
    make = summary if step is summaries else confirmation
    old, young, late = make(owner, OLD), make(owner, YOUNG), make(owner, OLD + 1)
    rows_a_batch(2, monkeypatch)
    assert list(step().batches()) == [[old.pk], [late.pk]]
    rows_a_batch(1, monkeypatch)
    assert list(step().batches()) == [[old.pk]]
    assert there(young) == [True]


@pytest.mark.parametrize("change", [{"hold": "dnd"}, {"created_at": NOW}, {"event": YOUNG}])
def test_a_row_that_changed_since_it_was_found_stays_with_its_deliveries(owner, change):
    changed, same = row(owner), row(owner)
    delivery = sent(changed)
    step = notifications()
    [ids] = step.batches()
    replaced = {"event": event(YOUNG)} if "event" in change else change
    Notification.objects.filter(pk=changed.pk).update(**replaced)
    assert take(step, ids) == {"notifications": 1}
    assert there(changed, delivery, same) == [True, True, False]


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_a_row_that_is_being_sent_again_since_it_was_found_stays(owner, state):
    again = sent(row(owner), state="dead")
    step = notifications()
    [ids] = step.batches()
    Delivery.objects.update(state=state)
    assert take(step, ids) == {}
    assert there(again, again.notification) == [True, True]


def test_a_row_that_was_read_since_it_was_found_goes_and_is_counted_once(owner):
    read = row(owner)
    row(owner, YOUNG)
    step = notifications()
    [ids] = step.batches()
    Notification.objects.filter(pk=read.pk).update(is_read=True)
    Inbox.objects.update(unread_count=1)
    assert take(step, ids) == {"notifications": 1}
    assert Inbox.objects.get().unread_count == 1


def test_a_delivery_that_was_opened_and_sent_since_goes_with_its_row(owner):
    old = row(owner)
    step = notifications()
    [ids] = step.batches()
    sent(old)
    assert take(step, ids) == {"notifications": 1, "deliveries": 1, "delivery_attempts": 1}


def test_a_summary_that_got_a_row_since_it_was_found_stays(owner):
    old = summary(owner)
    step = summaries()
    [ids] = step.batches()
    row(owner, YOUNG, summary=old)
    assert take(step, ids) == {}
    assert there(old) == [True]


def test_an_event_that_got_a_row_since_it_was_found_stays(owner):
    happened = event()
    step = events()
    [ids] = step.batches()
    row(owner, of=happened)
    assert take(step, ids) == {}
    assert there(happened) == [True]


def test_a_subscriber_that_is_resumed_since_events_were_found_keeps_them(monkeypatch):
    lost = event()
    reader = Subscriber.objects.get()
    Subscriber.objects.update(position=position_of(lost) - 1, is_paused=True)
    lock = watermarks.lock_paused

    def resumed_before(*, below: int) -> list[Subscriber]:
        Subscriber.objects.update(is_paused=False)
        return lock(below=below)

    monkeypatch.setattr(watermarks, "lock_paused", resumed_before)
    prune()
    assert there(lost) == [True]
    assert not reader.gaps.exists()


def test_all_deliveries_of_a_row_stay_while_one_is_on_its_way(owner):
    old = row(owner, channel="webhook")
    ended = sent(old)
    other = Address.objects.create(user=owner, kind="webhook", target="https://example.com/other")
    waiting = Delivery.objects.create(notification=old, address=other, kind="webhook", state="pending")
    prune()
    assert there(old, ended, waiting) == [True, True, True]


def test_a_row_whose_batch_failed_keeps_its_deliveries_and_counts(owner, monkeypatch):
    """A row without its delivery would be sent again by whoever asks for what they missed."""
    old = row(owner, channel="webhook")
    delivery = sent(old)
    shown = row(owner)
    with monkeypatch.context() as busy:
        busy.setattr(removal, "leave", lambda *_, **__: (_ for _ in ()).throw(OperationalError("locked")))
        assert (prune().busy, prune().gone) == (1, {})
    assert there(old, delivery, shown) == [True, True, True]
    assert delivery.attempts.count() == 1
    assert Inbox.objects.get().unread_count == 1
