"""Pruning beside everything else: another run, the router, a reader, somebody who holds a lock."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from delivery.models import Address, Recovery
from delivery.outbox import recover
from events.bus import publish
from events.db import session
from events.dispatch import watermarks
from events.models import Subscriber
from events.sweep import sweep
from notifications.inbox import marking
from notifications.models import Inbox, Notification
from tests.delivery.factories.retention import NOW, prune, row, sent, there
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
def test_a_delivery_that_is_sent_again_while_its_batch_waits_for_it_stays(owner, monkeypatch):
    """It had ended when its row was locked."""
    monkeypatch.setattr(session, "set_local", lambda **_: None)
    delivery = sent(row(owner, channel="webhook"), state="dead")
    with transaction.atomic():
        type(delivery).objects.select_for_update().get(pk=delivery.pk)
        pruning = Running(prune)
        wait_for_one_that_waits()
        type(delivery).objects.filter(pk=delivery.pk).update(state="pending")
    assert pruning.join().gone == {}
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


LONG_AGO = NOW - timedelta(days=1000)


@pytest.fixture
def box(owner) -> Address:
    return Address.objects.create(user=owner, kind="webhook", target="https://example.com/hook")


def begin(box: Address) -> int:
    return recover.recover(box, since=LONG_AGO, now=NOW)


def go_on(box: Address) -> int:
    Recovery.objects.create(address=box, since=LONG_AGO, until=NOW)
    return recover.advance_each(now=NOW)


@pytest.mark.service
@pytest.mark.parametrize("start", [begin, go_on])
def test_what_is_being_recovered_is_left_with_the_delivery_that_it_gets(owner, box, monkeypatch, start):
    missed = row(owner, channel="webhook")
    opened, pruned = threading.Event(), threading.Event()
    known = recover._open

    def open_slowly(notifications: list[int], *, address: Address) -> None:
        known(notifications, address=address)
        opened.set()
        assert pruned.wait(30)

    monkeypatch.setattr(recover, "_open", open_slowly)
    recovering = Running(lambda: start(box))
    assert opened.wait(10)
    assert prune().gone == {}
    pruned.set()
    assert recovering.join() == 1
    assert [one.state for one in missed.deliveries.all()] == ["pending"]
    assert prune().gone == {}


@pytest.mark.service
def test_who_begins_to_recover_takes_the_inbox_before_anything_else(owner, box):
    """As the one that goes on does: in another order the two would wait for each other for ever."""
    Recovery.objects.create(address=box, since=LONG_AGO, until=NOW)
    with transaction.atomic():
        marking.lock(owner.pk)
        recovering = Running(lambda: begin(box))
        wait_for_one_that_waits()
        assert Recovery.objects.select_for_update(nowait=True).get().address == box
    recovering.join()


def wait_for_one_that_waits() -> None:
    """Until another connection waits for a lock of this one."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")
