"""Counters that workers share are the sum of what each transaction added, whoever adds and whoever sums up."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from events.models import MetricCounts
from events.monitoring import counting
from events.monitoring.counting import Tally
from events.monitoring.families import FEED_SECONDS, RETRIES, ROUTED
from tests.events.concurrency import Running

pytestmark = pytest.mark.django_db


def counted(*amounts: int, channel: str = "email") -> None:
    for amount in amounts:
        tally = Tally()
        tally.add(RETRIES, channel, count=amount)
        tally.write()


def test_each_transaction_adds_a_row_and_the_counter_is_their_sum():
    counted(1, 2, 3)
    counted(5, channel="webhook")
    assert counting.read() == {(RETRIES.name, "email"): 6, (RETRIES.name, "webhook"): 5}


def test_nothing_counted_is_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        Tally().write()


def test_what_rolls_back_is_not_counted():
    with transaction.atomic():
        counted(1)
        transaction.set_rollback(True)
    assert counting.read() == {}


def test_many_rows_are_put_into_one_and_the_sum_stays():
    counted(*range(20))
    assert (counting.compact(), counting.compact()) == (20, 1)
    assert counting.read() == {(RETRIES.name, "email"): sum(range(20))}


def test_a_process_puts_them_together_only_now_and_then(monkeypatch):
    counted(1, 1)
    compaction = counting.Compaction()
    compaction.advance()
    assert MetricCounts.objects.count() == 2
    monkeypatch.setattr(counting, "COMPACT_EVERY", 0.0)
    compaction.advance()
    assert MetricCounts.objects.count() == 1


@given(st.lists(st.floats(0, 10_000), max_size=30))
def test_each_value_is_in_the_least_bucket_that_holds_it(values):
    tally = Tally()
    tally.observe(FEED_SECONDS, seconds=values)
    bounds = [*FEED_SECONDS.buckets, math.inf]
    expected = Counter(min(bound for bound in bounds if value <= bound) for value in values)
    found = {key.split("\t")[1]: count for key, count in tally.counts.items() if not key.endswith(counting.SUM)}
    assert {float(bound): count for bound, count in found.items()} == expected


@pytest.mark.service
@pytest.mark.usefixtures("committed")
def test_nobody_waits_for_another_transaction_that_counts():
    with transaction.atomic():
        counted(1)
        other = Running(lambda: counted(2))
        other.join()
        assert counting.read() == {(RETRIES.name, "email"): 3}


@pytest.mark.service
@pytest.mark.usefixtures("committed")
def test_what_one_process_puts_together_another_leaves_alone():
    counted(1, 2)
    with transaction.atomic():
        assert counting.compact() == 2
        other = Running(counting.compact)
        assert other.join() == 0
    assert counting.read() == {(RETRIES.name, "email"): 3}


def test_a_counter_without_labels_has_but_its_name():
    tally = Tally()
    tally.add(ROUTED, count=2)
    tally.write()
    assert counting.read() == {(ROUTED.name,): 2}
