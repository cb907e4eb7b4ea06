"""The largest audiences go out in parts, by as many workers as are idle, and each person is told once."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.contrib.auth import get_user_model

from events.accounts import largest_used_id
from events.bus import publish, withdraw
from events.models import Event
from events.sweep import sweep
from events.transport import hints
from notifications.models import Fanout, Inbox, Notification
from notifications.routing import audiences, fanout, writer
from notifications.routing.writer import notify
from tests.accounts.factory import new_person
from tests.events.concurrency import Running
from tests.notifications.factories.routing import NOON, define

PARTS = 3


@pytest.fixture(autouse=True)
def _small_numbers(monkeypatch) -> None:
    for module, name, number in (
        (audiences, "LARGE", 10),
        (fanout, "CHUNK", 4),
        (fanout, "PARTS", PARTS),
        (fanout, "SMALLEST_PART", 1),
    ):
        monkeypatch.setattr(module, name, number)


@pytest.fixture
def broadcast(db, monkeypatch) -> Event:
    """Event to sixty people, whose telling has begun: twenty of them in each part."""
    people = get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(20 * PARTS)])
    define("news.all", audience=["everyone"])
    event = publish("news.all")
    with monkeypatch.context() as patch:
        patch.setattr(fanout, "_ends", lambda last: [people[19].pk, people[39].pk, last])
        sweep()
    return event


def told(event: Event) -> list[int]:
    return sorted(Notification.objects.filter(event=event).values_list("user_id", flat=True))


def everyone() -> list[int]:
    return list(get_user_model().objects.order_by("pk").values_list("pk", flat=True))


def tell_all() -> None:
    while fanout.advance_each(now=NOON):
        pass


def test_parts_cover_all_user_ids_without_a_gap(broadcast):
    Fanout.objects.all().delete()
    fanout.begin([broadcast.pk])
    parts = list(Fanout.objects.values_list("after_user", "until_user"))
    assert len(parts) == PARTS
    assert (parts[0][0], parts[-1][1]) == (0, largest_used_id())
    assert all(before[1] == after[0] for before, after in pairwise(parts))


def test_a_single_part_is_enough_for_fewer(broadcast, monkeypatch):
    monkeypatch.setattr(fanout, "SMALLEST_PART", largest_used_id())
    fanout.begin([publish("news.all").pk])
    assert Fanout.objects.count() == PARTS + 1


def test_all_parts_together_tell_each_person_once(broadcast):
    tell_all()
    assert told(broadcast) == everyone()
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}
    assert not Fanout.objects.exists()


def test_an_event_in_parts_waits_in_line_as_one(broadcast):
    assert fanout.pending() == [broadcast.pk]


def test_whoever_takes_a_part_wakes_another_worker_for_the_next(broadcast, monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(hints, "send", sent.append)
    Fanout.objects.filter(pk__lt=Fanout.objects.all()[2].pk).delete()
    fanout.advance(broadcast.pk, now=NOON)
    assert fanout.TASK not in sent
    fanout.begin([broadcast.pk])
    fanout.advance(broadcast.pk, now=NOON)
    assert fanout.TASK in sent


def test_a_part_that_fails_holds_up_no_other(broadcast, monkeypatch):
    bad = Fanout.objects.all()[1]

    def tell(events, audience, *, now) -> object:
        if any(bad.after_user < user <= bad.until_user for user in audience.people):
            raise OSError("not these")
        return notify(events, audience, now=now)

    monkeypatch.setattr(writer, "notify", tell)
    tell_all()
    tell_all()
    assert told(broadcast) == [user for user in everyone() if not bad.after_user < user <= bad.until_user]
    assert [row.pk for row in Fanout.objects.all()] == [bad.pk]


def test_a_parked_part_is_told_once_the_event_is_begun_anew(broadcast):
    fanout.advance(broadcast.pk, now=NOON)
    Fanout.objects.all()[1].delete()
    fanout.begin([broadcast.pk])
    tell_all()
    assert told(broadcast) == everyone()
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}


def test_withdrawn_it_stops_in_every_part(broadcast):
    fanout.advance(broadcast.pk, now=NOON)
    withdraw(broadcast)
    sweep()
    tell_all()
    assert not Notification.objects.filter(event=broadcast, withdrawn_at=None).exists()
    assert not Fanout.objects.filter(event=broadcast).exists()


@pytest.mark.service
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("is_killed", [False, True], ids=["ends", "is killed"])
def test_while_one_worker_is_at_its_chunk_another_tells_all_other_parts(committed, broadcast, monkeypatch, is_killed):
    is_at_it, may_go_on = threading.Event(), threading.Event()

    def tell(events, audience, *, now) -> object:
        made = notify(events, audience, now=now)
        if threading.current_thread() is not threading.main_thread():
            is_at_it.set()
            may_go_on.wait(30)
            if is_killed:
                raise SystemExit
        return made

    monkeypatch.setattr(writer, "notify", tell)
    worker = Running(lambda: fanout.advance(broadcast.pk, now=NOON))
    assert is_at_it.wait(30)
    first = Fanout.objects.all()[0]
    tell_all()
    assert told(broadcast) == [user for user in everyone() if user > first.until_user]
    may_go_on.set()
    with pytest.raises(SystemExit) if is_killed else threading.Lock():
        worker.join()
    tell_all()
    assert told(broadcast) == everyone()
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}
