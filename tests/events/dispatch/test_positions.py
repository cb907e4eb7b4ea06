"""Positions: no reader by position ever skips an event or gets one twice, whatever goes on around it."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection, transaction

from events.bus import NewEvent, publish, publish_many
from events.dispatch import runner, sequencer
from events.models import Event, LogHead
from tests.events.concurrency import Running, at_once, rolled_back, until
from tests.events.numbering import number_all

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def read(after: int) -> list[tuple[int, int]]:
    """What any reader by position asks: (position, id) of what comes next."""
    found = Event.objects.filter(position__gt=after).order_by("position")[:7]
    return [(event.position or 0, event.pk) for event in found]


def log() -> list[tuple[int, int]]:
    return [(event.position or 0, event.pk) for event in Event.objects.order_by("position")]


def test_looking_for_unnumbered_events_is_one_query(db, django_assert_num_queries):
    for count in (0, 3):
        publish_many([NewEvent("job.started")] * count)
        with django_assert_num_queries(1):
            assert sequencer.has_unnumbered() == bool(count)


def test_events_are_numbered_in_the_order_they_came(db):
    events = publish_many([NewEvent("job.progress")] * 5)
    assert sequencer.number().count == 5
    assert log() == [(place, event.pk) for place, event in enumerate(events, start=1)]


def test_numbering_goes_on_where_it_stopped(db):
    events = publish_many([NewEvent("job.progress")] * 5)
    assert [sequencer.number(limit=2).count for _ in range(4)] == [2, 2, 1, 0]
    assert log() == [(place, event.pk) for place, event in enumerate(events, start=1)]


def test_a_number_is_never_given_again_after_pruning(db):
    publish_many([NewEvent("job.progress")] * 3)
    sequencer.number()
    Event.objects.all().delete()
    publish("job.started")
    sequencer.number()
    assert Event.objects.get().position == 4


def test_what_rolls_back_uses_up_no_position(committed):
    with rolled_back():
        publish("job.started")
    publish("job.started")
    sequencer.number()
    assert [position for position, _ in log()] == [1]


@pytest.mark.service
def test_what_commits_late_comes_after_what_readers_have_seen(committed):
    may_commit, has_inserted = threading.Event(), threading.Event()

    def slowly() -> int:
        with transaction.atomic():
            event = publish("job.started")
            has_inserted.set()
            may_commit.wait(30)
        return event.pk

    slow = Running(slowly)
    assert has_inserted.wait(30)
    fast = publish("job.completed").pk
    sequencer.number()
    assert read(0) == [(1, fast)]
    may_commit.set()
    late = slow.join()
    sequencer.number()
    assert late < fast
    assert read(1) == [(2, late)]


@pytest.mark.service
def test_a_second_sequencer_waits_and_finds_what_the_first_could_not_see(committed):
    is_held, may_go = threading.Event(), threading.Event()

    def hold_the_head() -> None:
        with transaction.atomic():
            LogHead.objects.select_for_update().get()
            is_held.set()
            may_go.wait(30)

    holder = Running(hold_the_head)
    assert is_held.wait(30)
    second = Running(sequencer.number)
    publish("job.started")
    may_go.set()
    holder.join()
    assert second.join().count == 1


def test_an_event_that_vanishes_while_it_is_numbered_stops_nothing(committed):
    events = publish_many([NewEvent("job.progress")] * 3)
    may_commit, has_deleted = threading.Event(), threading.Event()

    def delete_the_second() -> None:
        with transaction.atomic():
            Event.objects.filter(pk=events[1].pk).delete()
            has_deleted.set()
            may_commit.wait(30)

    deleting = Running(delete_the_second)
    assert has_deleted.wait(30)
    numbering = Running(sequencer.number)
    until(somebody_waits_for_a_lock)
    may_commit.set()
    deleting.join()
    assert numbering.join().count == 2
    later = publish("job.completed")
    sequencer.number()
    assert [pk for _, pk in log()] == [events[0].pk, events[2].pk, later.pk]
    assert LogHead.objects.get().position == log()[-1][0]


def somebody_waits_for_a_lock() -> bool:
    """SQLite can't say; there the order doesn't matter."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone() != (0,))


class Storm:
    """Slow and fast transactions, rollbacks, sequencers and readers, all at once."""

    PUBLISHERS, TRANSACTIONS = 4, 30

    def __init__(self) -> None:
        self.publishing = self.PUBLISHERS
        self.committed: list[int] = []
        self.lock = threading.Lock()

    def publisher(self, seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def run() -> None:
            try:
                for _ in range(self.TRANSACTIONS):
                    self._transaction(chance)
            finally:
                with self.lock:
                    self.publishing -= 1

        return run

    def _transaction(self, chance: random.Random) -> None:
        fails = chance.random() < 0.25
        with rolled_back() if fails else nullcontext(), transaction.atomic():
            mine = [publish("job.progress").pk]
            # Slow ones let others commit between their insert and their commit.
            time.sleep(chance.choice([0, 0, 0.001, 0.01]))
            mine += [event.pk for event in publish_many([NewEvent("job.started")] * chance.randrange(3))]
        if not fails:
            with self.lock:
                self.committed += mine

    def until_done(self, step: Callable[[], object]) -> Callable[[], None]:
        """Repeat, with a breath in which others get SQLite's one lock; twice more when the last publisher has gone."""

        def run() -> None:
            rounds = 2
            while rounds:
                rounds -= not self.publishing
                step()
                time.sleep(0.01)

        return run


class Position:
    """A reader that remembers nothing but how far it came."""

    def __init__(self) -> None:
        self.after = 0
        self.seen: list[tuple[int, int]] = []

    def step(self) -> None:
        for position, pk in read(self.after):
            self.seen.append((position, pk))
            self.after = position


def test_no_reader_skips_or_doubles_in_a_storm(committed, reader):
    storm, readers = Storm(), [Position(), Position()]
    durable = [reader("exactly once"), reader("leased", transactional=False)]
    catching_up = [partial(runner.catch_up, one.name, now=NOW) for one in durable]
    at_once(
        *[storm.publisher(seed) for seed in range(storm.PUBLISHERS)],
        *[storm.until_done(lambda: sequencer.number(limit=5))] * 2,
        *[storm.until_done(one.step) for one in readers],
        *[storm.until_done(step) for step in catching_up * 2],
    )
    number_all()
    for one in readers * 100:
        one.step()
    for each in durable:
        runner.catch_up(each.name, now=NOW)
    expected = log()
    assert sorted(pk for _, pk in expected) == sorted(storm.committed)
    assert [position for position, _ in expected] == list(range(1, len(expected) + 1))
    assert [one.seen for one in readers] == [expected, expected]
    assert [one.seen for one in durable] == [[pk for _, pk in expected]] * 2


def test_each_publishers_own_events_keep_their_order(committed):
    published: dict[int, list[int]] = {seed: [] for seed in range(3)}

    def publish_twenty(seed: int) -> None:
        for _ in range(20):
            published[seed].append(publish("job.progress").pk)

    at_once(
        *[partial(publish_twenty, seed) for seed in published], *[lambda: [sequencer.number() for _ in range(30)]] * 2
    )
    number_all()
    places = {pk: position for position, pk in log()}
    for mine in published.values():
        assert all(places[one] < places[two] for one, two in itertools.pairwise(mine))
