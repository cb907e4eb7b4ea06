"""A large audience is told in chunks that survive anything, and holds up nobody else."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from events.accounts import User
from events.bus import publish
from events.dispatch import replay
from events.dispatch.retry import SET_ASIDE
from events.models import Event, EventType, Membership, ParkedEvent
from events.sweep import sweep
from notifications.models import Fanout, Inbox, Notification
from notifications.routing import audiences, fanout, writer
from notifications.routing.writer import notify
from tests.accounts.factory import new_person, saved_person
from tests.events.fakes.database_errors import of_sqlite, of_sqlstate
from tests.notifications.factories.routing import JOB, NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_numbers(monkeypatch) -> None:
    monkeypatch.setattr(audiences, "LARGE", 10)
    monkeypatch.setattr(fanout, "CHUNK", 4)


@pytest.fixture
def crowd() -> list[User]:
    return get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(15)])


@pytest.fixture
def broadcast(crowd):
    EventType.objects.create(name="news.all", category="system", audience=["everyone"])
    event = publish("news.all")
    sweep()
    return event


def tell_all(event) -> int:
    chunks = 0
    while fanout.advance(event.pk, now=timezone.now()):
        chunks += 1
    return chunks


def told(event) -> list[int]:
    return sorted(Notification.objects.filter(event=event).values_list("user_id", flat=True))


def test_nobody_is_told_in_the_routing_transaction(broadcast):
    assert told(broadcast) == []
    assert fanout.pending() == [broadcast.pk]


def test_chunks_tell_each_person_once(broadcast, crowd):
    assert tell_all(broadcast) == 4
    assert told(broadcast) == [user.pk for user in crowd]
    assert not Fanout.objects.exists()
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}


def test_a_chunk_that_is_rolled_back_is_told_again_whole(broadcast, crowd, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(writer, "notify", notify_and_die)
        with pytest.raises(RuntimeError):
            fanout.advance(broadcast.pk, now=timezone.now())
    assert told(broadcast) == []
    tell_all(broadcast)
    assert told(broadcast) == [user.pk for user in crowd]


def notify_and_die(events, audience, *, now):
    notify(events, audience, now=now)
    raise RuntimeError("the rows are written, the transaction is not committed")


def test_an_audience_that_cannot_be_told_holds_up_no_other(broadcast, crowd, monkeypatch):
    after = publish("news.all")
    sweep()

    def tell(events, audience, *, now) -> object:
        if events[0].pk == broadcast.pk:
            raise ValueError("this one can't be told")
        return notify(events, audience, now=now)

    monkeypatch.setattr(writer, "notify", tell)
    while fanout.advance_each(now=timezone.now()):
        pass
    assert told(after) == [user.pk for user in crowd]
    assert fanout.pending() == [broadcast.pk]


def test_when_the_turn_is_over_younger_audiences_wait_for_the_next(broadcast, monkeypatch):
    monkeypatch.setattr(fanout, "TIME_LIMIT", 0)
    after = publish("news.all")
    sweep()
    fanout.advance_each(now=timezone.now())
    assert told(broadcast)
    assert not told(after)


def refuse(monkeypatch, bad: Event, error: Exception, *, after_user: int = 0) -> None:
    """Telling fails for this event, from the people above that one on."""

    def tell(events, audience, *, now) -> object:
        if events[0].pk == bad.pk and max(audience.by_event[bad.pk]) > after_user:
            raise error
        return notify(events, audience, now=now)

    monkeypatch.setattr(writer, "notify", tell)


def advance_at(*seconds: float) -> None:
    for after in seconds:
        fanout.advance_each(now=NOON + timedelta(seconds=after))


def test_three_tries_come_at_once_after_one_second_and_after_five_then_it_is_parked(broadcast, monkeypatch):
    refuse(monkeypatch, broadcast, ValueError("no such channel"))
    advance_at(0, 0.5, 1, 5.9)
    assert not ParkedEvent.objects.exists()
    advance_at(6)
    parked = ParkedEvent.objects.get()
    assert (parked.event_id, parked.subscriber.name, fanout.pending()) == (broadcast.pk, "notifications", [])
    assert "ValueError: no such channel" in parked.error


def test_a_chunk_that_goes_well_forgets_the_tries_before_it(broadcast, crowd, monkeypatch):
    with monkeypatch.context() as patch:
        refuse(patch, broadcast, ValueError("not yet"))
        advance_at(0, 1)
    advance_at(6)
    refuse(monkeypatch, broadcast, ValueError("again"))
    advance_at(7, 8)
    assert fanout.pending() == [broadcast.pk]
    assert told(broadcast) == [user.pk for user in crowd[:4]]


@pytest.mark.parametrize("error", [of_sqlstate("53100"), of_sqlstate("55P03"), of_sqlite(sqlite3.SQLITE_FULL)], ids=str)
def test_trouble_of_the_database_parks_no_audience(broadcast, monkeypatch, error):
    refuse(monkeypatch, broadcast, error)
    advance_at(0, 1, 6, 60, 600)
    assert fanout.pending() == [broadcast.pk]
    assert Fanout.objects.get().attempts == 0


@pytest.mark.parametrize("error", [of_sqlstate("57014"), of_sqlstate("XX000"), OSError("no")], ids=str)
def test_what_may_be_anybody_s_fault_is_tried_ever_more_rarely(broadcast, crowd, monkeypatch, error):
    with monkeypatch.context() as patch:
        refuse(patch, broadcast, error, after_user=crowd[3].pk)
        advance_at(0, 0, 1, 6, 16, 36, 76)
        assert Fanout.objects.get().retry_at == NOON + timedelta(seconds=76 + 80)
        assert (fanout.count_set_aside(), Event.objects.filter(event_type__name=SET_ASIDE).count()) == (1, 1)
    advance_at(155)
    assert told(broadcast) == [user.pk for user in crowd[:4]]
    advance_at(156, 156, 156)
    assert told(broadcast) == [user.pk for user in crowd]
    assert not ParkedEvent.objects.exists()


def test_a_parked_audience_is_told_to_its_end_once_it_is_mended(broadcast, crowd, monkeypatch):
    with monkeypatch.context() as patch:
        refuse(patch, broadcast, ValueError("the second chunk is bad"), after_user=crowd[3].pk)
        advance_at(0, 0, 1, 6)
    assert told(broadcast) == [user.pk for user in crowd[:4]]
    assert replay.rerun(ParkedEvent.objects.get(), now=NOON)
    tell_all(broadcast)
    assert told(broadcast) == [user.pk for user in crowd]
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}


def test_an_event_published_behind_it_is_told_before_it_ends(broadcast, crowd):
    fanout.advance(broadcast.pk, now=timezone.now())
    behind = publish("job.completed", actor=crowd[14])
    sweep()
    assert told(behind) == [crowd[14].pk]
    assert fanout.pending() == [broadcast.pk]


def test_a_source_with_many_watchers_is_great_too(crowd):
    Membership.objects.bulk_create(
        [Membership(entity_type=JOB.type, entity_id=JOB.id, user=user, role="watcher") for user in crowd[:12]]
    )
    event = publish("review.comment", source=JOB, actor=crowd[0])
    sweep()
    assert tell_all(event) == 4
    assert told(event) == [user.pk for user in crowd[1:12]]


def test_the_actor_is_not_told_for_want_of_an_owner_in_the_chunk(crowd):
    Membership.objects.bulk_create(
        [Membership(entity_type=JOB.type, entity_id=JOB.id, user=user, role="watcher") for user in crowd[:12]]
        + [Membership(entity_type=JOB.type, entity_id=JOB.id, user=crowd[14], role="owner")]
    )
    event = publish("job.completed", source=JOB, actor=crowd[0])
    sweep()
    tell_all(event)
    assert told(event) == [crowd[14].pk]


def test_who_joins_while_it_goes_on_is_not_waited_for(broadcast, crowd):
    late = saved_person("late")
    tell_all(broadcast)
    assert late.pk not in told(broadcast)


def test_a_replay_tells_nobody_twice(broadcast, crowd):
    tell_all(broadcast)
    fanout.begin([broadcast.pk])
    tell_all(broadcast)
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}
