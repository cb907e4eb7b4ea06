"""A withdrawn event is taken from those who were told of it, and told to nobody else."""

from __future__ import annotations

import pytest
from django.db import transaction

from events.bus import publish, withdraw
from events.models import Event, ParkedEvent, Subscriber
from events.sweep import sweep
from notifications.holds import due, undo
from notifications.inbox import feed, marking, triage
from notifications.models import Inbox, Notification
from notifications.routing import audiences, fanout
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    define,
    notified,
    publish_and_route,
    route,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture(autouse=True)
def _type(db) -> None:
    define("odd.news", audience=["owner", "members", "watchers"])


def news() -> Event:
    return publish_and_route("odd.news", source=JOB)


def taken_back(event: Event) -> Event:
    withdraw(event)
    sweep()
    event.refresh_from_db()
    return event


def badge(user) -> tuple[int, int]:
    box = Inbox.objects.get(pk=user.pk)
    return box.unread_count, Notification.objects.filter(user=user).counted().count()


def test_it_leaves_the_feeds_and_the_badges(owner, watcher):
    taken_back(news())
    assert feed.page(owner.pk) == feed.page(watcher.pk) == []
    assert badge(owner) == badge(watcher) == (0, 0)


def test_rows_stay_for_the_router_to_know(owner):
    event = taken_back(news())
    assert Notification.objects.filter(event=event, withdrawn_at__isnull=False).count() == 3
    route(event)
    assert feed.page(owner.pk) == []
    assert badge(owner) == (0, 0)


def test_one_that_was_read_or_snoozed_leaves_too(owner, watcher):
    event = news()
    row, other = (Notification.objects.get(event=event, user=one) for one in (owner, watcher))
    batch = marking.mark(owner.pk, ids=[row.pk], is_read=True, now=NOON)
    triage.snooze(watcher.pk, ids=[other.pk], until=NOON.replace(hour=13), now=NOON)
    taken_back(event)
    assert [feed.page(one.pk, state="") for one in (owner, watcher)] == [[], []]
    assert (badge(owner), badge(watcher), batch.unread_count) == ((0, 0), (0, 0), 0)


def test_what_is_published_and_withdrawn_at_once_is_told_to_nobody(owner):
    with transaction.atomic():
        event = publish("odd.news", source=JOB)
        withdraw(event)
    sweep()
    assert notified(event) == {}
    assert not Inbox.objects.exclude(seq=0).exists()


def test_the_event_before_it_in_a_group_is_told_in_its_place(owner):
    started, failed = publish("job.started", source=JOB), publish("job.failed", source=JOB)
    withdraw(failed)
    sweep()
    assert notified(started)
    assert not notified(failed)


def test_a_second_time_nothing_happens(owner):
    event = news()
    assert [withdraw(event), withdraw(event.pk)] == [True, False]
    sweep()
    assert Event.objects.filter(event_type__name="event.withdrawn").count() == 1


def test_a_replay_of_the_withdrawal_changes_nothing(owner):
    event = taken_back(news())
    seq = Inbox.objects.get(pk=owner.pk).seq
    route(Event.objects.get(event_type__name="event.withdrawn"))
    assert Inbox.objects.get(pk=owner.pk).seq == seq
    assert event.withdrawn_at


def test_one_that_somebody_writes_by_hand_withdraws_nothing(owner):
    event = news()
    publish_and_route("event.withdrawn", source=JOB, payload={"event_id": event.pk})
    assert badge(owner) == (1, 1)


def test_a_parked_one_that_is_tried_again_is_told_to_nobody(owner):
    event = publish("odd.news", source=JOB)
    withdraw(event)
    parked = ParkedEvent(subscriber=Subscriber.objects.get_or_create(name="notifications")[0], event=event, error="")
    parked.save()
    route(event)
    assert notified(event) == {}


def test_the_telling_of_many_stops_and_those_told_lose_it_by_chunks(owner, member, watcher, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 1)
    monkeypatch.setattr(fanout, "CHUNK", 1)
    event = news()
    fanout.advance(event.pk, now=NOON)
    fanout.advance(event.pk, now=NOON)
    withdraw(event)
    sweep()
    assert event.pk not in fanout.pending()
    while fanout.advance_each(now=NOON):
        pass
    assert Notification.objects.filter(event=event, withdrawn_at=None).count() == 0
    assert [badge(one) for one in (owner, member)] == [(0, 0), (0, 0)]


def test_one_withdrawn_in_the_batch_of_others_leaves_them(owner):
    first, second = publish("odd.news", source=JOB), publish("odd.news", source=JOB)
    withdraw(first)
    sweep()
    assert (notified(first), len(notified(second))) == ({}, 3)


class TestInABurst:
    @pytest.fixture
    def burst(self) -> list[Event]:
        define("odd.comment", audience=["owner"], burst_seconds=300)
        return [publish_and_route("odd.comment", source=JOB) for _ in range(3)]

    def test_a_folded_one_is_counted_no_more(self, owner, burst):
        taken_back(burst[0])
        [row] = feed.page(owner.pk)
        assert (row.event_id, row.count, badge(owner)) == (burst[2].pk, 2, (1, 1))

    def test_the_newest_of_the_others_is_the_head_of_one_whose_head_leaves(self, owner, burst):
        taken_back(burst[2])
        [row] = feed.page(owner.pk)
        assert (row.event_id, row.count, badge(owner)) == (burst[1].pk, 2, (1, 1))
        for event in burst[:2]:
            taken_back(event)
        assert (feed.page(owner.pk), badge(owner)) == ([], (0, 0))

    def test_of_one_that_was_done_the_new_head_is_done_and_undo_brings_it_back(self, owner, burst):
        state = triage.done(owner.pk, ids=[feed.page(owner.pk)[0].pk], now=NOON)
        taken_back(burst[2])
        assert (feed.page(owner.pk), badge(owner)) == ([], (0, 0))
        undo.undo(owner.pk, batch_id=state.batch or 0, now=NOON)
        [row] = feed.page(owner.pk)
        assert (row.event_id, row.count, badge(owner)) == (burst[1].pk, 2, (1, 1))

    def test_of_one_that_was_snoozed_the_new_head_comes_back_at_that_moment(self, owner, burst):
        until = NOON.replace(hour=13)
        triage.snooze(owner.pk, ids=[feed.page(owner.pk)[0].pk], until=until, now=NOON)
        taken_back(burst[2])
        assert (feed.page(owner.pk), badge(owner)) == ([], (0, 0))
        due.release_due(now=until)
        [row] = feed.page(owner.pk)
        assert (row.event_id, row.count, badge(owner)) == (burst[1].pk, 2, (1, 1))

    def test_of_one_that_was_marked_unread_the_new_head_is_unread(self, owner, burst):
        [row] = feed.page(owner.pk)
        for is_read in (True, False):
            marking.mark(owner.pk, ids=[row.pk], is_read=is_read, now=NOON)
        taken_back(burst[2])
        assert (feed.page(owner.pk)[0].is_read, badge(owner)) == (False, (1, 1))
