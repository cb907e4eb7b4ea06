"""Durable subscribers: every event once where the database can promise it, at least once where it can't."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from events.bus import NewEvent, publish, publish_many, subscriber
from events.dispatch import runner, sequencer
from events.dispatch.runner import BATCH, LEASE, catch_up
from events.dispatch.subscribers import enroll, lagging
from events.models import Event, Membership, ParkedEvent, Subscriber
from events.sweep import sweep
from tests.accounts.factory import saved_person
from tests.events.concurrency import Running, at_once
from tests.events.fakes.database_errors import of_sqlstate
from tests.events.numbering import number_all

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TRANSACTIONAL = pytest.mark.parametrize("transactional", [True, False], ids=["transactional", "leased"])


def numbered(count: int = 1, event_type: str = "job.progress") -> list[Event]:
    events = publish_many([NewEvent(event_type)] * count)
    number_all()
    return list(Event.objects.filter(pk__in=[event.pk for event in events]).order_by("pk"))


def keys(events: list[Event]) -> list[int]:
    return [event.pk for event in events]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


# Reading


@TRANSACTIONAL
def test_events_come_in_log_order_and_once(reader, transactional):
    one, events = reader(transactional=transactional), numbered(5)
    assert catch_up("reader", now=NOW) == 5
    assert catch_up("reader", now=NOW) == 0
    assert one.batches == [keys(events)]


def test_a_long_log_comes_in_batches(reader):
    one, events = reader(), numbered(BATCH + 3)
    assert catch_up("reader", now=NOW) == BATCH + 3
    assert [len(batch) for batch in one.batches] == [BATCH, 3]
    assert one.seen == keys(events)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["job.*"], ["job.started", "job.failed"]),
        (["job.failed", "system.*"], ["system.restart", "job.failed"]),
        (["*"], ["job.started", "system.restart", "job.failed"]),
        ([], ["job.started", "system.restart", "job.failed"]),
        (["nothing.like.it"], []),
    ],
    ids=str,
)
def test_a_subscriber_gets_the_types_it_asked_for(reader, patterns, expected):
    one = reader("reader", *patterns)
    events = {name: numbered(1, name)[0].pk for name in ["job.started", "system.restart", "job.failed"]}
    catch_up("reader", now=NOW)
    assert one.seen == [events[name] for name in expected]
    assert one.row.position == 3


@pytest.mark.parametrize("count", [0, 1, 20])
def test_looking_for_those_that_lag_is_two_queries_at_most(reader, django_assert_num_queries, count):
    for number in range(count):
        reader(f"s{number}")
    numbered(3)
    Subscriber.objects.filter(name="s1").update(is_paused=True)
    with django_assert_num_queries(2 if count else 1):
        assert len(lagging(now=NOW)) == (count - 1 if count > 1 else count)


def test_types_and_actors_come_along(reader, owner, django_assert_num_queries):
    reader().fails = lambda batch: [(event.event_type.name, event.actor_user) for event in batch] and None
    publish_many([NewEvent("job.started", actor=owner)] * 5)
    sequencer.number()
    with django_assert_num_queries(8):  # savepoint, cursor, head, events, types, actors, cursor moved, savepoint
        catch_up("reader", now=NOW)


def test_what_was_numbered_just_now_is_not_read_again(
    reader, django_assert_num_queries, django_capture_on_commit_callbacks
):
    one = reader("reader", "job.*")
    fresh: list[Event] = []
    with django_capture_on_commit_callbacks(execute=True):
        publish_many([NewEvent("job.started"), NewEvent("system.restart"), NewEvent("job.failed")])
        number_all(announced=fresh)
    with django_assert_num_queries(4):  # savepoint, cursor, cursor moved, savepoint
        catch_up("reader", now=NOW, fresh=fresh)
    assert one.seen == [fresh[0].pk, fresh[2].pk]
    assert one.row.position == 3


def test_what_another_worker_numbers_afterwards_is_left_to_it(reader):
    one, events = reader(), numbered(3)
    catch_up("reader", now=NOW, fresh=events[:1])
    assert one.seen == keys(events[:1])
    catch_up("reader", now=NOW, fresh=events[1:])
    assert one.seen == keys(events)


@pytest.mark.parametrize("known", [[2], [0, 2], [1, 2]])
def test_what_another_worker_numbered_is_read_too(reader, known):
    one = reader()
    events = numbered(3)
    catch_up("reader", now=NOW, fresh=[events[place] for place in known])
    assert one.seen == [event.pk for event in events]


def test_an_unnumbered_event_is_not_read(reader):
    one = reader()
    publish("job.started")
    assert catch_up("reader", now=NOW) == 0
    assert one.tried == []


def test_a_new_subscriber_starts_at_the_head(reader):
    numbered(2)
    one, events = reader(start=None), numbered(1)
    catch_up("reader", now=NOW)
    assert one.seen == keys(events)


def test_a_new_one_that_says_so_starts_at_the_beginning(reader):
    events, one = numbered(2), reader(start=0)
    catch_up("reader", now=NOW)
    assert one.seen == keys(events)


def test_a_subscriber_that_no_sweep_enrolled_yet_enrols_itself(db, registry):
    subscriber("late", start=0)(lambda events: None)
    numbered(3)
    assert catch_up("late", now=NOW) == 3


def test_an_enrolled_subscriber_keeps_its_place(reader):
    reader(), numbered(3), catch_up("reader", now=NOW)
    enroll()
    assert Subscriber.objects.get().position == 3


def test_a_name_is_taken_once(registry):
    subscriber("one")(lambda events: None)
    with pytest.raises(ValueError, match="named 'one' exists already"):
        subscriber("one")(lambda events: None)


def test_a_coroutine_is_refused_because_nobody_would_await_it(registry):
    async def handler(events: list[Event]) -> None: ...

    with pytest.raises(TypeError, match="async"):
        subscriber("one")(handler)  # type: ignore[arg-type]


def test_a_name_that_the_code_does_not_know_reads_nothing(db, registry):
    Subscriber.objects.create(name="gone")
    numbered()
    assert catch_up("gone", now=NOW) == 0
    assert lagging(now=NOW) == []


@TRANSACTIONAL
def test_a_paused_subscriber_waits(reader, transactional):
    one, events = reader(transactional=transactional), numbered()
    Subscriber.objects.update(is_paused=True)
    assert (catch_up("reader", now=NOW), lagging(now=NOW)) == (0, [])
    Subscriber.objects.update(is_paused=False)
    assert lagging(now=NOW) == ["reader"]
    catch_up("reader", now=NOW)
    assert one.seen == keys(events)


@TRANSACTIONAL
def test_a_pause_that_comes_while_it_works_is_kept(reader, transactional):
    one, _events = reader(transactional=transactional), numbered()
    one.fails = lambda batch: Subscriber.objects.update(is_paused=True) and None
    catch_up("reader", now=NOW)
    assert one.row.is_paused


# Failing


@TRANSACTIONAL
@pytest.mark.parametrize("bad", [0, 5, 9])
def test_one_bad_event_is_parked_alone_and_the_rest_goes_on(reader, transactional, bad):
    one, events = reader(transactional=transactional), numbered(10)
    one.fail_on(events[bad])
    for seconds in (0, 1, 6):
        catch_up("reader", now=later(seconds))
    assert set(one.seen) == set(keys(events)) - {events[bad].pk}
    assert one.seen == sorted(one.seen)
    parked = ParkedEvent.objects.get()
    assert (parked.event, parked.subscriber.name) == (events[bad], "reader")
    assert "ValueError: cannot digest this" in parked.error


def test_however_often_it_is_halved_a_failing_batch_is_one_line(reader, caplog):
    one, events = reader(), numbered(8)
    one.fail_on(events[0])
    catch_up("reader", now=NOW)
    assert len(one.tried) == 4
    assert len([record for record in caplog.records if record.name == "events.dispatch.runner"]) == 1


def test_a_failing_batch_is_halved(reader):
    one, events = reader(), numbered(8)
    one.fail_on(events[0])
    catch_up("reader", now=NOW)
    assert [len(batch) for batch in one.tried] == [8, 4, 2, 1]


def test_a_lone_bad_event_is_tried_alone_the_next_time(reader):
    one, events = reader(), numbered(8)
    one.fail_on(events[0])
    catch_up("reader", now=NOW)
    one.tried.clear()
    catch_up("reader", now=later(1))
    assert one.tried == [[events[0].pk]]


@TRANSACTIONAL
def test_three_tries_come_at_once_after_one_second_and_after_five(reader, transactional):
    one, [event] = reader(transactional=transactional), numbered(1)
    one.fail_on(event)
    tries = []
    for tenth in range(80):
        before = len(one.tried)
        catch_up("reader", now=later(tenth / 10))
        tries += [tenth / 10] * (len(one.tried) - before)
    assert tries == [0, 1, 6]
    assert (one.row.attempts, one.row.position) == (0, 1)


def test_tries_are_counted_where_another_process_sees_them(reader):
    one, [event] = reader(), numbered(1)
    one.fail_on(event)
    catch_up("reader", now=NOW)
    assert (one.row.attempts, one.row.retry_at) == (1, later(1))
    assert "cannot digest this" in one.row.last_error
    assert (lagging(now=NOW), lagging(now=later(1))) == ([], ["reader"])


def test_an_event_that_recovers_is_not_parked(reader):
    one, [event] = reader(), numbered(1)
    one.fail_on(event)
    catch_up("reader", now=NOW)
    one.fail_on()
    catch_up("reader", now=later(1))
    assert (one.seen, one.row.attempts, one.row.last_error) == ([event.pk], 0, "")
    assert not ParkedEvent.objects.exists()


@TRANSACTIONAL
@pytest.mark.parametrize("sqlstate", ["08006", "25006", "40001", "40P01", "57P01", "58030"])
def test_trouble_of_the_database_counts_for_nothing(reader, transactional, sqlstate):
    one, events = reader(transactional=transactional), numbered(2)
    one.fail_on(*events, error=of_sqlstate(sqlstate))
    for seconds in range(20):
        catch_up("reader", now=later(seconds))
    assert (one.row.attempts, one.row.position, len(one.tried)) == (0, 0, 20)
    one.fail_on()
    catch_up("reader", now=later(20))
    assert one.seen == keys(events)


@TRANSACTIONAL
@pytest.mark.parametrize("sqlstate", ["53100", "53200", "55P03"])
def test_a_want_of_room_or_of_a_lock_halves_and_counts_for_nothing(reader, transactional, sqlstate):
    one, events = reader(transactional=transactional), numbered(4)
    one.fail_on(events[0], error=of_sqlstate(sqlstate))
    for seconds in range(10):
        one.tried.clear()
        catch_up("reader", now=later(seconds))
        assert [len(batch) for batch in one.tried] == [4, 2, 1]
    assert (one.row.attempts, one.row.position) == (0, 0)


def test_what_only_the_commit_refuses_is_parked_like_any_of_sqlstate(committed, reader):
    """Foreign keys are deferred: a person who vanished is noticed only at the end."""
    one, events = reader(), numbered(3)

    def grant_to_nobody(batch: list[Event]) -> None:
        if events[1] in batch:
            Membership.objects.create(entity_type="job", entity_id=1, user_id=999_999, role="owner")

    one.fails = grant_to_nobody
    for seconds in (0, 1, 6):
        catch_up("reader", now=later(seconds))
    assert ParkedEvent.objects.get().event == events[1]
    assert one.row.position == 3
    assert not Membership.objects.exists()


@TRANSACTIONAL
def test_one_failing_subscriber_never_stops_another(reader, transactional):
    bad, good = reader("bad", transactional=transactional), reader("good", transactional=transactional)
    events = numbered(3)
    bad.fail_on(*events)
    sweep()
    assert good.seen == keys(events)
    assert bad.seen == []


def test_a_subscriber_that_breaks_the_look_itself_never_stops_another(reader):
    reader("bad"), reader("good")
    numbered(3)

    def breaking(execute: Any, sql: str, params: Any, *more: Any) -> Any:
        if {"bad", "good"}.intersection(params or ()) == {"bad"}:
            raise of_sqlstate("40P01")
        return execute(sql, params, *more)

    with connection.execute_wrapper(breaking), pytest.raises(ExceptionGroup, match="could not catch up"):
        sweep()
    assert Subscriber.objects.get(name="good").position == 3


# Exactly once, at least once


def test_what_a_transactional_handler_wrote_goes_with_its_of_sqlstate(committed, registry):
    def handler(events: list[Event]) -> None:
        saved_person("made")
        raise ValueError

    subscriber("writer", transactional=True, start=0)(handler)
    numbered()
    catch_up("writer", now=NOW)
    assert not get_user_model().objects.exists()


def test_two_workers_hand_a_transactional_subscriber_nothing_twice(committed, reader):
    one, events = reader(), numbered(BATCH * 2)
    at_once(*[lambda: catch_up("reader", now=NOW)] * 4)
    assert one.seen == keys(events)


def test_a_leased_handler_runs_in_no_transaction(committed, registry):
    inside: list[bool] = []
    subscriber("leased", start=0)(lambda events: inside.append(connection.in_atomic_block))
    numbered()
    catch_up("leased", now=NOW)
    assert inside == [False]


def test_a_leased_subscriber_runs_in_one_worker_at_a_time(committed, reader):
    one, events = reader(transactional=False), numbered(3)
    is_working, may_end = threading.Event(), threading.Event()

    def work(batch: list[Event]) -> None:
        is_working.set()
        may_end.wait(30)

    one.fails = work
    first = Running(lambda: catch_up("reader", now=NOW))
    assert is_working.wait(30)
    assert catch_up("reader", now=later(1)) == 0
    may_end.set()
    assert (first.join(), one.seen) == (3, keys(events))


def test_a_worker_that_died_loses_its_lease(reader):
    one, events = reader(transactional=False), numbered(2)

    class Killed(BaseException):
        pass

    one.fail_on(*events, error=Killed())
    with pytest.raises(Killed):
        catch_up("reader", now=NOW)
    one.fail_on()
    assert catch_up("reader", now=NOW + LEASE / 2) == 0
    assert catch_up("reader", now=NOW + LEASE) == 2


def test_a_batch_that_outlasted_its_lease_is_taken_over_in_smaller_ones(reader):
    """Else each worker would be overtaken by the next, and the position never move."""
    one, events = reader(transactional=False), keys(numbered(6))
    Subscriber.objects.update(lease_token="00000000-0000-0000-0000-000000000007", lease_until=NOW)
    assert catch_up("reader", now=NOW) == 6
    assert one.batches == [events[:1], events[1:3], events[3:]]


def overtaken(one: Any, *, then: Exception | None = None) -> None:
    """While the handler works, its lease runs out and another worker takes over."""

    def take_over(batch: list[Event]) -> Exception | None:
        Subscriber.objects.update(lease_token="00000000-0000-0000-0000-000000000007", lease_until=later(120))
        return then

    one.fails = take_over


def test_who_was_overtaken_does_not_move_the_position(reader):
    one, _events = reader(transactional=False), numbered(2)
    overtaken(one)
    assert catch_up("reader", now=NOW) == 0
    assert one.row.position == 0


@pytest.mark.parametrize(
    "then", [ValueError("late"), of_sqlstate("40001"), of_sqlstate("55P03")], ids=["bad", "40001", "55P03"]
)
@pytest.mark.parametrize("count", [1, 2])
def test_who_was_overtaken_and_fails_leaves_the_others_lease_alone(reader, then, count):
    one, _events = reader(transactional=False), numbered(count)
    overtaken(one, then=then)
    catch_up("reader", now=NOW)
    assert (one.row.lease_until, one.row.attempts, len(one.tried)) == (later(120), 0, 1)


def test_a_rewind_while_a_leased_handler_works_is_kept(reader):
    one = reader(transactional=False)
    numbered(3), catch_up("reader", now=NOW), numbered(1)
    one.fails = lambda batch: Subscriber.objects.update(position=1) and None
    catch_up("reader", now=NOW)
    assert one.row.position == 1


def test_a_long_backlog_gives_way_to_the_others(reader, monkeypatch):
    reader(), numbered(BATCH * 3)
    monkeypatch.setattr(runner, "LONGEST_SECONDS", -1.0)
    assert catch_up("reader", now=NOW) == BATCH
    assert lagging(now=NOW) == ["reader"]


def test_a_handler_may_publish(committed, registry):
    """What it publishes comes in a batch of its own."""
    batches: list[list[str]] = []

    def handler(events: list[Event]) -> None:
        batches.append([event.event_type.name for event in events])
        if batches[-1] == ["job.started"]:
            publish("job.completed")

    subscriber("chain", transactional=True, start=0)(handler)
    publish("job.started")
    sweep()
    sweep()
    assert batches == [["job.started"], ["job.completed"]]


def test_hooks_of_a_handler_run_after_the_position_moved(committed, registry):
    seen: list[int] = []

    def handler(events: list[Event]) -> None:
        transaction.on_commit(lambda: seen.append(Subscriber.objects.get().position))

    subscriber("hooks", transactional=True, start=0)(handler)
    numbered(2)
    catch_up("hooks", now=NOW)
    assert seen == [2]
