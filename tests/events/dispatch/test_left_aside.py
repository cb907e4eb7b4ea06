"""An event that fails alone is parked if it is known to be bad, set aside if it may go well later; the log goes on."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from events.bus import NewEvent, publish, publish_many
from events.dispatch import replay
from events.dispatch.retry import SET_ASIDE
from events.dispatch.runner import catch_up
from events.models import Event, EventType, ParkedEvent, Subscriber
from events.sweep import sweep
from tests.events.concurrency import at_once
from tests.events.fakes.database_errors import of_sqlite, of_sqlstate
from tests.events.numbering import number_all

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TRANSACTIONAL = pytest.mark.parametrize("transactional", [True, False], ids=["transactional", "leased"])

BAD = [
    *map(of_sqlstate, ["22P02", "23505", "P0001"]),
    of_sqlite(sqlite3.SQLITE_CONSTRAINT),
    ValueError("no"),
    KeyError(1),
]
NOBODY = [
    *map(of_sqlstate, ["08006", "25006", "40001", "53100", "53200", "55P03", "57P01", "58030"]),
    *map(of_sqlite, [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY]),
]
UNKNOWN = [
    *map(of_sqlstate, ["0A000", "25P03", "42P01", "57014", "XX000"]),
    *(of_sqlite(sqlite3.SQLITE_CORRUPT), OSError("no"), ConnectionRefusedError(), TimeoutError(), MemoryError()),
]


def numbered(count: int = 1) -> list[Event]:
    events = publish_many([NewEvent("job.progress")] * count)
    number_all()
    return list(Event.objects.filter(pk__in=[event.pk for event in events]).order_by("pk"))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def three_tries() -> None:
    for seconds in (0, 1, 6):
        catch_up("reader", now=later(seconds))


@TRANSACTIONAL
@pytest.mark.parametrize("error", BAD, ids=repr)
def test_what_is_known_to_be_bad_waits_for_an_admin(reader, transactional, error):
    one, events = reader(transactional=transactional), numbered(3)
    one.fail_on(events[1], error=error)
    three_tries()
    parked = ParkedEvent.objects.get()
    assert (parked.event, parked.retry_at) == (events[1], None)
    assert one.seen == [events[0].pk, events[2].pk]


@TRANSACTIONAL
@pytest.mark.parametrize("error", NOBODY, ids=repr)
def test_for_what_is_nobody_s_fault_the_log_waits(reader, transactional, error):
    one, events = reader(transactional=transactional), numbered(3)
    one.fail_on(events[1], error=error)
    for seconds in (0, 1, 6, 60, 3600, 86_400):
        catch_up("reader", now=later(seconds))
    assert (ParkedEvent.objects.count(), one.row.attempts) == (0, 0)
    one.fail_on()
    catch_up("reader", now=later(90_000))
    assert one.seen == [event.pk for event in events]


@TRANSACTIONAL
@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
def test_what_may_be_anybody_s_fault_is_set_aside_until_it_goes_well(reader, transactional, error):
    one, events = reader(transactional=transactional), numbered(3)
    one.fail_on(events[1], error=error)
    three_tries()
    assert ParkedEvent.objects.get().retry_at == later(16)
    assert one.seen == [events[0].pk, events[2].pk]
    one.fail_on()
    replay.retry_due(now=later(16))
    assert (one.seen[-1], ParkedEvent.objects.count()) == (events[1].pk, 0)


@pytest.fixture
def set_aside(reader):
    """A reader that set its one event aside at second 6."""
    one, events = reader(), numbered(1)
    one.fail_on(*events, error=of_sqlstate("57014"))
    three_tries()
    one.tried.clear()
    return one


def tries(one, *, until: int, step: int = 10) -> list[int]:
    tried = []
    for seconds in range(6, until, step):
        before = len(one.tried)
        replay.retry_due(now=later(seconds))
        tried += [seconds] * (len(one.tried) - before)
    return tried


def test_its_tries_get_rarer_and_never_end(set_aside):
    assert tries(set_aside, until=400) == [16, 36, 76, 156, 316]
    assert len(tries(set_aside, until=10 * 86_400, step=1800)) > 230
    assert ParkedEvent.objects.get().retry_at


def test_the_sweep_tries_it_again(set_aside):
    set_aside.fail_on()
    ParkedEvent.objects.update(retry_at=NOW)
    sweep()
    assert (len(set_aside.tried[-1]), ParkedEvent.objects.count()) == (1, 0)


def test_one_that_turns_out_to_be_bad_is_parked(set_aside):
    set_aside.fails = lambda batch: ValueError("now it is known")
    replay.retry_due(now=later(60))
    assert ParkedEvent.objects.get().retry_at is None


def test_of_many_workers_one_tries_it(committed, reader):
    one, events = reader(transactional=False), numbered(1)
    one.fail_on(*events, error=of_sqlstate("57014"))
    three_tries()
    one.tried.clear()
    at_once(*[lambda: replay.retry_due(now=later(16))] * 4)
    assert one.tried == [[events[0].pk]]


def test_a_paused_subscriber_is_spared(set_aside):
    Subscriber.objects.update(is_paused=True)
    assert tries(set_aside, until=400) == []


def test_looking_for_them_is_one_query(reader, django_assert_num_queries):
    reader()
    with django_assert_num_queries(1):
        replay.retry_due(now=NOW)


def told() -> list[dict[str, object]]:
    return list(Event.objects.filter(event_type__name=SET_ASIDE).order_by("pk").values_list("payload", flat=True))


def test_the_first_that_is_set_aside_is_told(reader):
    one, events = reader("reader", "job.*"), numbered(3)
    one.fail_on(*events[:2], error=of_sqlstate("57014"))
    for seconds in range(40):
        catch_up("reader", now=later(seconds))
    assert ParkedEvent.objects.count() == 2
    assert told() == [
        {
            "subscriber": "reader",
            "event": events[0].pk,
            "type": "job.progress",
            "error": "the database said 57014",
        }
    ]


def test_what_tells_of_it_is_told_of_by_no_other(reader):
    one = reader()
    one.fails = lambda batch: of_sqlstate("57014")
    numbered(1)
    for seconds in range(60):
        number_all()
        catch_up("reader", now=later(seconds))
    assert (len(told()), ParkedEvent.objects.count()) == (1, 2)


def test_where_that_type_is_switched_off_the_log_goes_on_untold(reader):
    EventType.objects.filter(name=SET_ASIDE).update(is_active=False)
    one, events = reader(), numbered(2)
    one.fail_on(events[0], error=of_sqlstate("57014"))
    three_tries()
    assert (one.seen, told()) == ([events[1].pk], [])


def test_what_is_parked_is_not_told(reader):
    one, events = reader(), numbered(1)
    one.fail_on(*events)
    three_tries()
    publish("job.started")
    assert told() == []
