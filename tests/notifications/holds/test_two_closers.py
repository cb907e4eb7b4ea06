"""Closers at once, a router beside them, and crowds: one summary each, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.bus import publish, publish_many
from events.db.batch_size import AdaptiveBatch
from events.log.publish import NewEvent
from events.models import Event
from notifications.holds import due, release
from notifications.inbox import marking
from notifications.models import Inbox, Notification, Summary, UserNotificationSettings
from notifications.preferences.settings import change_settings
from tests.accounts.factory import new_person
from tests.events.concurrency import Running, at_once
from tests.notifications.factories.holds import HOUR, hold, holds, release_due
from tests.notifications.factories.routing import NOON, define, route

TWO = ("job.completed", "job.failed")


class TestAtOnce:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_four_closers_make_one_summary(self, owner, recorder):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        at_once(*[lambda: due.release_due(now=NOON + HOUR)] * 4)
        assert Summary.objects.get().count == 2

    def test_switching_off_beside_a_closer_makes_one_summary(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        now = NOON + HOUR
        at_once(
            lambda: change_settings(owner.pk, now=now, dnd_enabled=False),
            lambda: due.release_all(now=now),
            lambda: due.release_due(now=now),
        )
        due.release_due(now=now)
        assert Summary.objects.get().count == 2
        assert set(holds(owner)) == {"none"}

    def test_sending_now_twice_at_once_sends_one(self, owner):
        hold(owner, *TWO, digest_enabled=True)
        at_once(*[lambda: release.send_digest(owner.pk, now=NOON)] * 3)
        assert Summary.objects.get().count == 2

    def test_what_is_told_while_it_closes_is_in_this_one_or_waits_for_the_next(self, owner):
        define("odd.usual", category="odd")
        events = publish_many([NewEvent("odd.usual", actor=owner) for _ in range(8)])
        hold(owner, digest_enabled=True, digest_interval="hourly")
        route(events[0])

        def tell(some: Sequence[Event]) -> None:
            for event in some:
                route(event, now=NOON + HOUR)

        at_once(lambda: tell(events[1:4]), lambda: due.release_due(now=NOON + HOUR), lambda: tell(events[4:]))
        due.release_due(now=NOON + HOUR)
        due.release_due(now=NOON + 2 * HOUR)
        assert sum(Summary.objects.values_list("count", flat=True)) == len(events)
        assert Notification.objects.filter(summary=None).count() == 0

    @pytest.mark.service
    def test_whoever_is_busy_is_left_out_and_stops_nobody(self, owner, watcher):
        for person in (owner, watcher):
            hold(person, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        with transaction.atomic():
            marking.lock(owner.pk)
            Running(lambda: due.release_due(now=NOON + HOUR)).join()
        assert Summary.objects.get().user_id == watcher.pk
        assert len(release_due(now=NOON + HOUR)) == 2

    @pytest.mark.service
    def test_a_row_that_another_program_keeps_locked_stops_nobody_else(self, owner, watcher, monkeypatch):
        monkeypatch.setattr(release, "LOCK_TIMEOUT", "50ms")
        for person in (owner, watcher):
            hold(person, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        with transaction.atomic():
            list(Notification.objects.select_for_update().filter(user=owner))
            Running(lambda: due.release_due(now=NOON + HOUR)).join()
        assert Summary.objects.get().user_id == watcher.pk
        assert len(release_due(now=NOON + 2 * HOUR)) == 2


def crowd(count: int) -> None:
    """That many people with do-not-disturb on and three events each; every other one collects for a digest."""
    people = get_user_model().objects.bulk_create([new_person(f"c{number}") for number in range(count)])
    UserNotificationSettings.objects.bulk_create(
        [
            UserNotificationSettings(
                user=user, digest_enabled=number % 2 == 1, dnd_enabled=number % 2 == 0, dnd_until=NOON + HOUR
            )
            for number, user in enumerate(people)
        ]
    )
    define("odd.usual", category="odd", audience=["everyone"])
    route(*publish_many([NewEvent("odd.usual") for _ in range(3)]))


def queries(people: Sequence[int]) -> int:
    with CaptureQueriesContext(connection) as asked:
        release.release(people, now=NOON + timedelta(days=2))
    return len(asked)


@pytest.mark.django_db
def test_five_hundred_people_cost_as_many_queries_as_two(recorder):
    crowd(500)
    people = list(get_user_model().objects.order_by("pk").values_list("pk", flat=True))
    for_two = queries(people[:2])
    assert queries(people[2:]) == for_two
    assert Summary.objects.count() == 500
    assert not Notification.objects.exclude(hold="none").exists()


@pytest.mark.django_db
def test_a_look_that_finds_nobody_is_one_query(owner, django_assert_num_queries):
    hold(owner, *TWO, dnd_enabled=True)
    with django_assert_num_queries(1):
        due.release_due(now=timezone.now())


@pytest.mark.django_db
def test_a_crowd_is_closed_chunk_by_chunk(monkeypatch):
    monkeypatch.setattr(due, "_pace", AdaptiveBatch(first=3, least=3, most=3, wish=1.0))
    crowd(7)
    now = NOON + timedelta(days=2)
    assert [due.release_due(now=now) for _ in range(3)] == [True, True, False]
    assert Summary.objects.count() == 7
    assert not Inbox.objects.exclude(next_check_at=None).exists()


@pytest.mark.django_db
def test_a_chunk_that_takes_long_makes_the_next_smaller(monkeypatch):
    monkeypatch.setattr(due, "_pace", AdaptiveBatch(first=4, least=1, most=4, wish=0.0))
    monkeypatch.setattr(due, "WISH", 0.0)
    monkeypatch.setattr(due, "FEW_ROWS", 0)
    crowd(7)
    closed = []
    for _ in range(3):
        due.release_due(now=NOON + timedelta(days=2))
        closed.append(Summary.objects.count())
    assert closed == [4, 6, 7]


@pytest.mark.django_db
def test_a_chunk_of_few_rows_that_takes_long_takes_it_for_each_chunk_and_makes_none_smaller(monkeypatch):
    monkeypatch.setattr(due, "_pace", AdaptiveBatch(first=4, least=1, most=4, wish=0.0))
    monkeypatch.setattr(due, "WISH", 0.0)
    crowd(7)
    due.release_due(now=NOON + timedelta(days=2))
    due.release_due(now=NOON + timedelta(days=2))
    assert Summary.objects.count() == 7


@pytest.mark.django_db
def test_the_hourly_round_walks_over_all_of_them(monkeypatch):
    monkeypatch.setattr(due, "_pace", AdaptiveBatch(first=3, least=3, most=3, wish=1.0))
    crowd(7)
    due.release_all(now=NOON + timedelta(days=2))
    assert Summary.objects.count() == 7


@pytest.mark.django_db
def test_telling_plans_the_looks_of_a_crowd():
    crowd(4)
    assert Inbox.objects.exclude(next_check_at=None).count() == 4
    assert publish("odd.usual").pk
