"""So many at once, so many a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notifications.websocket.token_bucket import TokenBucket


def bucket() -> TokenBucket:
    return TokenBucket(rate=2.0, burst=3.0, now=100.0)


def test_the_burst_is_there_at_once_and_then_it_takes_its_time():
    allowance = bucket()
    assert [allowance.take(now=100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert allowance.take(now=100.5) == 0.0
    assert allowance.take(now=100.75) == 0.25


def test_what_is_refused_costs_nothing():
    allowance = bucket()
    waits = [allowance.take(now=100.0) for _ in range(100)]
    assert waits[3:] == [0.5] * 97


def test_it_holds_no_more_than_the_burst():
    allowance = bucket()
    assert [allowance.take(now=10_000.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_it_says_when_it_is_full():
    allowance = bucket()
    allowance.take(now=100.0)
    assert [allowance.is_full(now=now) for now in (100.0, 100.4, 100.5)] == [False, False, True]


@given(st.lists(st.floats(min_value=0, max_value=2), max_size=60))
def test_no_more_are_taken_than_the_burst_and_the_rate_allow(pauses):
    allowance, now, taken = bucket(), 100.0, 0
    for pause in pauses:
        now += pause
        taken += allowance.take(now=now) == 0.0
    assert taken <= 3 + 2 * sum(pauses) + 1e-6
