"""What a worker had when it was lost keeps its place, and one that takes workers along lets the others go ahead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from delivery.models import Attempt, Delivery
from delivery.outbox import rescue
from delivery.outbox.lease import LEASE, Leased
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.fakes.channel import SENT, FakeChannel
from tests.delivery.manual_sender import claim, settle

pytestmark = pytest.mark.django_db

EXPIRED = NOON + LEASE + timedelta(seconds=1)


def lose(_claimed: list[Leased]) -> None:
    rescue.rescue(now=EXPIRED)


def stop_before_it_began(claimed: list[Leased]) -> None:
    rescue.release(claimed)


def stop_while_it_was_sent(claimed: list[Leased]) -> None:
    rescue.give_up(claimed, now=NOON)


@pytest.mark.parametrize("end", [lose, stop_before_it_began, stop_while_it_was_sent])
def test_what_is_taken_back_keeps_its_place(owner, fake, end: Callable[[list[Leased]], None]):
    box = address(owner)
    first, second = delivery(box, due_at=after(-9)), delivery(box, due_at=after(-5))
    end(claim(fake, free=1))
    assert [one.outgoing.delivery for one in claim(fake, now=EXPIRED)] == [first, second]


def test_the_second_time_the_others_go_ahead(owner, fake):
    made = delivery(address(owner))
    now = NOON
    waits = []
    for _ in range(rescue.MOST_UNKNOWN - 1):
        assert claim(fake, now=now)
        now += LEASE + timedelta(seconds=1)
        rescue.rescue(now=now)
        made.refresh_from_db()
        assert set(made.attempts.filter(next_at__gte=now).values_list("next_at", flat=True)) == {max(now, made.due_at)}
        waits.append(max(0.0, (made.due_at - now).total_seconds()))
        now = max(now, made.due_at)
    assert waits == [0, 5, 10, 20]


def play(fake: FakeChannel, fatal: Delivery, *, now: datetime) -> None:
    """One turn of a worker: it is lost over the fatal one, with all that it had begun."""
    claimed = claim(fake, now=now)
    if fatal.pk not in {one.outgoing.delivery.pk for one in claimed}:
        settle(claimed, SENT, now=now)


@pytest.mark.parametrize("place", [0, 4])
def test_one_that_kills_each_worker_keeps_no_other_from_going(owner, fake, place):
    box = address(owner)
    rows = [delivery(box, due_at=after(number - 20)) for number in range(6)]
    fatal = rows.pop(place)
    others = Delivery.objects.exclude(pk=fatal.pk)
    now = NOON
    while others.exclude(state="sent").exists():
        now += timedelta(seconds=1)
        rescue.rescue(now=now)
        play(fake, fatal, now=now)
    assert max(Attempt.objects.filter(delivery__in=others).values_list("number", flat=True)) <= 4
    assert now < NOON + 5 * LEASE


def test_a_lease_of_a_worker_that_knows_no_beat_is_honoured(owner, fake):
    made = delivery(address(owner), state="sending", lease_until=after(62))
    assert rescue.rescue(now=after(61)) == []
    assert rescue.rescue(now=after(63)) == [made.pk]
