"""Low-water marks of subscribers: each asks the database once, however many subscribers and positions there are."""

from __future__ import annotations

import pytest

from events.dispatch import watermarks
from events.models import LogGap, Subscriber


@pytest.fixture
def ten(reader) -> list[Subscriber]:
    """Subscribers at the positions 10 to 19; every second one is paused."""
    for number in range(10):
        reader(f"s{number}", start=10 + number)
    Subscriber.objects.filter(name__in=[f"s{number}" for number in range(0, 10, 2)]).update(is_paused=True)
    return list(Subscriber.objects.filter(name__startswith="s").order_by("position"))


@pytest.mark.parametrize(("name", "at", "position"), [("s3", 100, 13), ("s4", 100, 14), ("s3", 5, 5), ("none", 100, 0)])
def test_the_position_of_any_subscriber_is_one_query(ten, django_assert_num_queries, name, at, position):
    with django_assert_num_queries(1):
        assert watermarks.position_of(name, at=at) == position


@pytest.mark.parametrize(("at_most", "position"), [(100, 11), (11, 11), (5, 5)])
def test_the_lowest_of_those_that_run_is_one_query(ten, django_assert_num_queries, at_most, position):
    with django_assert_num_queries(1):
        assert watermarks.lowest_position(at_most=at_most) == position


def test_the_lowest_of_no_subscribers_is_no_query(db, registry, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert watermarks.lowest_position(at_most=7) == 7


def test_losses_of_many_are_recorded_by_one_query_and_none_by_none(ten, django_assert_num_queries):
    with django_assert_num_queries(1):
        watermarks.record(ten, positions=range(1, 101))
    assert [gap.events for gap in LogGap.objects.order_by("after")] == list(range(90, 80, -1))
    for rows, positions in ((ten, []), ([], [1]), (ten, [1, 2])):
        with django_assert_num_queries(0):
            watermarks.record(rows, positions=positions)
