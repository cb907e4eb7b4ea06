"""Pruning beside everything else: another run, the router, a reader, somebody who holds a lock."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction
from django.utils import timezone

from events.bus import publish
from events.dispatch import watermarks
from events.models import Subscriber
from events.sweep import sweep
from notifications.inbox import marking
from notifications.models import Inbox, Notification
from tests.delivery.factories.retention import prune, row, sent, there
from tests.events.concurrency import Running, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def recounted(user) -> bool:
    unread = Notification.objects.filter(user=user, channel="in_app", is_read=False).count()
    return marking.state(user.pk).unread_count == unread


def test_two_runs_at_once_take_nothing_twice(owner, member):
    for user in [owner, member] * 5:
        row(user)
        sent(row(user, channel="webhook"))
    runs = at_once(prune, prune)
    gone = runs[0].gone + runs[1].gone + prune().gone
    assert gone == {"notifications": 20, "events": 20, "deliveries": 10, "delivery_attempts": 10}
    assert recounted(owner)
    assert recounted(member)


def test_routing_and_reading_go_on_meanwhile(owner):
    old = [row(owner) for _ in range(5)]
    seq = marking.state(owner.pk).seq

    def tell() -> None:
        publish("job.completed", actor=owner)
        sweep()

    at_once(prune, tell, lambda: marking.mark_all(owner.pk, now=timezone.now()))
    prune()
    sweep()
    assert there(*old) == [False] * 5
    assert Notification.objects.filter(user=owner).count() == 1
    assert recounted(owner)
    assert marking.state(owner.pk).seq > seq


@pytest.mark.service
def test_a_person_somebody_is_busy_with_is_left_out_and_nobody_waits(owner, member):
    busy, free = row(owner), row(member)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Inbox.objects.select_for_update().get(pk=owner.pk)
            held.set()
            assert done.wait(30)

    holding = Running(hold)
    assert held.wait(10)
    prune()
    done.set()
    holding.join()
    assert there(busy, free) == [True, False]
    prune()
    assert there(busy) == [False]


@pytest.mark.service
def test_a_delivery_somebody_sends_again_is_left_and_its_batch_with_it(owner):
    """`reopen` has the delivery's lock: the batch gives up after 100 ms and comes again."""
    delivery = sent(row(owner, channel="webhook"), state="dead")
    held, done = threading.Event(), threading.Event()

    def reopen() -> None:
        with transaction.atomic():
            type(delivery).objects.select_for_update().get(pk=delivery.pk)
            held.set()
            assert done.wait(30)
            type(delivery).objects.filter(pk=delivery.pk).update(state="pending")

    reopening = Running(reopen)
    assert held.wait(10)
    assert prune().busy == 1
    done.set()
    reopening.join()
    assert prune().gone == {}
    assert there(delivery, delivery.notification) == [True, True]


@pytest.mark.service
def test_a_subscriber_is_not_resumed_while_its_gap_is_recorded(owner, monkeypatch):
    """Its row is locked: it either keeps the event or has a gap."""
    lost = row(owner).event
    Subscriber.objects.create(name="gone", position=0)
    resumed = threading.Event()

    def resume() -> None:
        Subscriber.objects.filter(name="gone").update(is_paused=False)
        resumed.set()

    running: list[Running] = []
    known = watermarks.record

    def record_slowly(paused, *, positions) -> None:
        running.append(Running(resume))
        assert not resumed.wait(0.2)
        known(paused, positions=positions)

    monkeypatch.setattr(watermarks, "record", record_slowly)
    prune()
    running[0].join()
    assert there(lost) == [False]
    assert Subscriber.objects.get(name="gone").gaps.get().events == 1
