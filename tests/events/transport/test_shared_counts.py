"""Counts that all web processes share: exact under concurrency, forgotten in time, bounded where there is no Redis."""

from __future__ import annotations

import uuid

import pytest

from events.conf import conf
from events.transport import shared_counts
from events.transport.shared_counts import SharedCounts
from tests.events.concurrency import at_once
from tests.own_settings import own


@pytest.fixture
def counts(settings) -> SharedCounts:
    own(settings, REDIS_PREFIX=f"{conf.REDIS_PREFIX}:{uuid.uuid4().hex}")
    return SharedCounts("test", effect="nothing is counted")


@pytest.fixture
def _nowhere(settings) -> None:
    own(settings, REDIS_URL="redis://127.0.0.1:1/0")


def test_all_that_is_added_at_once_is_counted(counts):
    totals = at_once(*[lambda: counts.add("name", 2, seconds=60, now=0)] * 8)
    assert sorted(totals) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert counts.get("name", now=0) == 16


def test_names_count_apart_and_what_is_forgotten_begins_anew(counts):
    counts.add("first", 3, seconds=60, now=0)
    counts.add("second", 1, seconds=60, now=0)
    counts.forget("first")
    assert [counts.get(name, now=0) for name in ("first", "second", "third")] == [0, 1, 0]


@pytest.mark.embedded
def test_a_count_is_kept_for_its_seconds(counts):
    counts.add("name", 1, seconds=60, now=100)
    assert [counts.get("name", now=now) for now in (159, 160)] == [1, 0]
    assert counts.add("name", 1, seconds=60, now=160) == 1


@pytest.mark.embedded
def test_the_oldest_make_room_in_this_process(counts, monkeypatch):
    monkeypatch.setattr(shared_counts, "MOST_KEPT_HERE", 2)
    for name in ("first", "second", "first", "third"):
        counts.add(name, 1, seconds=60, now=0)
    assert [counts.get(name, now=0) for name in ("first", "second", "third")] == [2, 0, 1]


@pytest.mark.usefixtures("_nowhere")
def test_while_redis_is_away_nothing_counts(counts, caplog):
    assert [counts.add("name", 1, seconds=60, now=0) for _ in range(3)] == [0, 0, 0]
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("_nowhere")
def test_while_redis_is_away_one_may_go_on_alone():
    alone = SharedCounts("test", effect="each counts alone", go_on_alone=True)
    assert [alone.add("name", 1, seconds=60, now=0) for _ in range(3)] == [1, 2, 3]
    alone.forget("name")
    assert alone.get("name", now=0) == 0
