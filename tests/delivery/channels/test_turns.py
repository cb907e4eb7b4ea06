"""Turns at what a process has few of: two for one domain, four quick ones, and slow ones beside them."""

from __future__ import annotations

import asyncio

import pytest

from delivery.channels import turns
from delivery.channels.email.channel import new_turns
from delivery.channels.turns import STALLED_AFTER, Queue, Turn, Turns
from tests.delivery.factories.emails import outgoing


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    monkeypatch.setattr(turns, "time", made := Clock())
    return made


def taken(of: Turns, *domains: str) -> list[bool]:
    return [of.take(Turn(domain)) for domain in domains]


def test_a_domain_has_two_at_once_and_all_together_four(clock):
    assert taken(new_turns(), "a", "a", "a", "b", "c", "d") == [True, True, False, True, True, False]


def test_what_takes_long_leaves_its_place_to_others_up_to_a_limit(clock):
    of = new_turns()
    taken(of, "a", "a", "b", "b")
    clock.now += 3
    assert taken(of, "a", "c") == [False, True]
    for number in range(10):
        clock.now += 3
        taken(of, f"d{number}")
    assert taken(of, "e") == [False]


def test_a_turn_that_ends_makes_room(clock):
    of, turn = new_turns(at_once=1), Turn("a")
    assert (of.take(turn), taken(of, "b")) == (True, [False])
    of.end(turn)
    assert taken(of, "b") == [True]


def test_a_domain_is_stalled_when_both_of_its_mails_take_long(clock):
    of = new_turns()
    taken(of, "slow")
    clock.now += STALLED_AFTER
    taken(of, "slow")
    clock.now += 1
    assert not of.is_stalled("slow")
    clock.now += STALLED_AFTER
    assert (of.is_stalled("slow"), of.is_stalled("other")) == (True, False)


@pytest.mark.parametrize(("begins_until", "begins"), [(float("inf"), True), (0.0, False)])
def test_a_turn_that_comes_after_the_last_beat_is_long_ago_is_not_taken(begins_until, begins):
    """Another worker may be at it by then."""

    async def wait() -> bool:
        async with Queue(new_turns()).turn("a", outgoing(begins_until=begins_until)) as has_come:
            return has_come

    assert asyncio.run(wait()) is begins
