"""Numbering runs only a little ahead of the readers that set its pace, and waits for none that doesn't get on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.bus import NewEvent, publish, publish_many
from events.dispatch import pace, pump, runner, sequencer, subscribers
from events.log.publish import accept
from events.models import Event, LogHead, Subscriber
from events.sweep import sweep
from tests.events.concurrency import at_once
from tests.events.numbering import number_all

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def flood(count: int) -> None:
    publish_many([NewEvent("job.progress")] * count)


def test_numbering_stops_when_a_batch_and_another_wait_for_their_reader(reader):
    reader(sets_pace=True)
    flood(500)
    assert number_all() == 2 * pace.FIRST
    assert sequencer.number() == sequencer.Numbered(0, is_all=False, is_held=True)


def test_it_goes_on_once_they_are_read(reader):
    one = reader(sets_pace=True)
    flood(500)
    number_all()
    runner.catch_up("reader", now=NOW)
    assert len(one.seen) == 2 * pace.FIRST
    assert sequencer.number().count > 0


def test_other_subscribers_hold_nothing_up(reader):
    reader("transactional"), reader("leased", transactional=False)
    flood(500)
    assert number_all() == 500


def test_one_that_reads_an_old_backlog_again_holds_nothing_up(reader):
    reader(sets_pace=True)
    LogHead.objects.update(position=pace.FAR + 1)
    flood(500)
    assert number_all() == 500


@pytest.mark.parametrize(
    "standing",
    [
        {"is_paused": True},
        {"attempts": 1, "retry_at": NOW + timedelta(seconds=5)},
        {"batch_size": pace.FAILING},
        {"name": "no longer in the code"},
    ],
)
def test_a_reader_that_does_not_get_on_holds_nothing_up(reader, standing):
    reader(sets_pace=True)
    Subscriber.objects.update(**standing)
    flood(500)
    assert number_all() == 500


def test_one_that_fails_lets_numbering_go_on_and_holds_it_again_once_it_reads(reader):
    one = reader(sets_pace=True)
    flood(500)
    one.fails = lambda _batch: ValueError("cannot digest anything")
    pump.run(now=NOW)
    assert not sequencer.has_unnumbered()
    one.fails = lambda _batch: None
    Subscriber.objects.update(retry_at=None)
    runner.catch_up("reader", now=NOW)
    flood(2000)
    number_all()
    assert sequencer.number().is_held


def test_one_that_can_not_even_look_lets_the_next_sweep_number(reader, monkeypatch):
    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("this reader is broken")

    reader(sets_pace=True)
    flood(500)
    monkeypatch.setattr(runner, "catch_up", broken)
    for _round in range(2):
        with pytest.raises(ExceptionGroup):
            sweep()
    assert pace.slowest(head=LogHead.objects.get().position) is None


def test_the_pump_numbers_and_reads_in_turns_until_nothing_waits(reader):
    one = reader(sets_pace=True)
    flood(1200)
    assert pump.run(now=NOW) == 1200
    assert [len(batch) for batch in one.batches] == [50, 100, 200, 400, 450]


def test_a_mention_waits_for_two_batches_of_a_flood_at_most(reader):
    one = reader(sets_pace=True)
    accept([NewEvent("job.progress")] * 1000, publisher="user:1")
    mention: list[int] = []

    def publish_in_between(_batch: list[Event]) -> None:
        if not mention and len(one.batches) == 3:
            mention.append(accept([NewEvent("job.started")], publisher="user:2")[0].event.pk)

    one.fails = publish_in_between
    accept([NewEvent("job.progress")] * 1000, publisher="user:1")
    pump.run(now=NOW)
    [told] = [place for place, batch in enumerate(one.batches) if mention[0] in batch]
    assert 3 < told <= 5


def test_whoever_finds_numbering_held_up_reads_and_goes_on(committed, reader):
    """No wake-up is lost: each worker that was called leaves nothing behind, whatever the others do."""
    one = reader(sets_pace=True)

    def publish_and_pump() -> None:
        for _round in range(5):
            flood(70)
            pump.run(now=NOW)

    at_once(*[publish_and_pump] * 3)
    assert not sequencer.has_unnumbered()
    assert len(one.seen) == 3 * 5 * 70 == LogHead.objects.get().position
    assert subscribers.lagging(now=NOW) == []


def test_a_calm_log_is_read_event_by_event(reader):
    one = reader(sets_pace=True)
    for _event in range(3):
        publish("job.started")
        pump.run(now=NOW)
    assert [len(batch) for batch in one.batches] == [1, 1, 1]
    assert one.row.batch_size == pace.FIRST


def test_only_a_transactional_subscriber_sets_the_pace(reader):
    with pytest.raises(ValueError, match="isn't transactional"):
        reader(transactional=False, sets_pace=True)


@given(st.integers(1, pace.MOST), st.integers(0, pace.MOST), st.floats(0, 60))
def test_the_next_batch_is_never_empty_nor_larger_than_may_be(size, read, seconds):
    assert 1 <= pace.next_size(size, read=read, seconds=seconds) <= pace.MOST


@pytest.mark.parametrize(
    ("size", "read", "seconds", "following"),
    [
        (50, 50, 0.01, 100),
        (400, 400, 0.01, 500),
        (500, 1, 0.01, 250),
        (50, 1, 0.01, 50),
        (100, 100, 5.0, 10),
        (10, 10, 0.4, 20),
        (500, 1, 60.0, 1),
        (pace.FAILING, 3, 0.01, 50),
    ],
)
def test_batches_grow_while_they_are_full_and_quick_and_shrink_by_what_they_took(size, read, seconds, following):
    assert pace.next_size(size, read=read, seconds=seconds) == following
