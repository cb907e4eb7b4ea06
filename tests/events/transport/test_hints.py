"""Hints coalesce, never raise and never wait; the flag is cleared before the look, so that none falls into a hole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from django.conf import settings as live_settings
from django.db import transaction
from django.utils import timezone

from events import tasks
from events.bus import NewEvent, publish, publish_many
from events.conf import conf
from events.dispatch import sequencer, subscribers
from events.log.publish import NUMBER_TASK
from events.models import Event
from events.sweep import sweep
from events.transport import hints
from tests.events.concurrency import holds_in_a_fork
from tests.own_settings import own

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _own_sender() -> Iterator[None]:
    """A thread, flags and a circuit breaker of the test's own."""
    hints.reset()
    hints.clear("some.task")
    hints.clear("some.task", "one")
    hints.clear(NUMBER_TASK)
    for name in ("reader", "one", "two"):
        hints.clear(subscribers.CATCH_UP_TASK, name)
    yield
    hints.reset()


@pytest.fixture
def broker_down(monkeypatch, settings) -> None:
    own(settings, REDIS_URL=NOWHERE)
    options = live_settings.CELERY_TASK_PUBLISH_RETRY_POLICY
    app = Celery("unreachable", broker=NOWHERE, set_as_current=False)
    app.conf.task_publish_retry_policy = options
    monkeypatch.setattr(hints, "current_app", app)
    hints.reset()


def send(*hint: str, times: int = 1) -> None:
    for _ in range(times):
        hints.send(*hint)
    assert hints.flush(timeout=10)


def test_a_hint_is_a_task_with_its_arguments(sent):
    send("some.task", "one")
    assert sent == [("some.task", "one")]


def test_hints_that_say_the_same_are_one(sent):
    send("some.task", times=500)
    assert sent == [("some.task",)]


def test_hints_with_other_arguments_are_others(sent):
    send("some.task")
    send("some.task", "one")
    assert sent == [("some.task",), ("some.task", "one")]


def test_once_a_worker_is_about_to_look_hints_count_anew(sent):
    send("some.task")
    hints.clear("some.task")
    send("some.task", times=5)
    assert sent == [("some.task",)] * 2


def test_a_hint_whose_task_was_lost_is_sent_again_after_two_seconds(sent, monkeypatch):
    monkeypatch.setattr(hints, "FLAG_MS", 1)
    send("some.task")
    threading.Event().wait(0.01)
    send("some.task")
    assert sent == [("some.task",)] * 2


@pytest.mark.service
def test_another_process_that_hinted_already_is_enough(sent):
    send("some.task")
    hints.reset()
    send("some.task")
    assert sent == [("some.task",)]


@pytest.mark.service
def test_installations_that_share_a_redis_dont_take_each_others_flags(sent, settings):
    send("some.task")
    own(settings, REDIS_PREFIX=f"{conf.REDIS_PREFIX}-other")
    send("some.task")
    hints.clear("some.task")
    assert sent == [("some.task",)] * 2


def test_ten_thousand_publishes_are_one_hint_while_its_flag_lasts(committed, sent, monkeypatch):
    monkeypatch.setattr(hints, "FLAG_MS", 600_000)
    for _ in range(100):
        publish_many([NewEvent("job.progress")] * 100)
    assert hints.flush(timeout=10)
    assert len(sent) == 1


# The hint hole


@pytest.mark.parametrize(
    ("task", "look"),
    [
        (tasks.number, "events.dispatch.pump.run"),
        (lambda: tasks.catch_up("notifications"), "events.dispatch.runner.catch_up"),
    ],
    ids=["number", "catch up"],
)
def test_the_flag_is_cleared_before_the_look(task: Callable[[], None], look: str, monkeypatch):
    order: list[str] = []
    monkeypatch.setattr(hints, "clear", lambda *hint: order.append("cleared"))
    monkeypatch.setattr(look, lambda *_, **__: order.append("looked"))
    monkeypatch.setattr("events.db.clock.now", timezone.now)
    task()
    assert order == ["cleared", "looked"]


def test_what_commits_while_a_worker_looks_sends_a_hint_of_its_own(committed, sent, monkeypatch):
    publish("job.started")
    hints.flush()
    look = sequencer.number

    def look_and_then(**_: object) -> sequencer.Numbered:
        found = look()
        publish("job.completed")
        hints.flush()
        return found

    monkeypatch.setattr(sequencer, "number", look_and_then)
    tasks.number()
    assert [one for one in sent if one == (NUMBER_TASK,)] == [(NUMBER_TASK,)] * 2


def test_numbering_wakes_the_leased_subscribers_that_want_the_type(committed, sent, reader):
    reader("one", transactional=False), reader("two", "job.*", transactional=False)
    reader("other", "system.*", transactional=False)
    publish("job.started")
    sequencer.number()
    hints.flush()
    woken = {hint[1] for hint in sent if hint[0] == subscribers.CATCH_UP_TASK}
    assert woken == {"one", "two"}


def test_whoever_numbers_reads_on_for_the_transactional_one(committed, sent, reader):
    one = reader()
    publish("job.started")
    tasks.number()
    hints.flush()
    assert one.seen == [Event.objects.get().pk]
    assert (subscribers.CATCH_UP_TASK, "reader") not in sent


def test_a_second_transactional_one_is_read_for_elsewhere(committed, sent, reader):
    one, two = reader("one"), reader("two")
    publish("job.started")
    tasks.number()
    hints.flush()
    assert (len(one.seen), len(two.seen)) == (1, 0)
    assert (subscribers.CATCH_UP_TASK, "two") in sent


def test_a_long_log_calls_a_second_worker_that_numbers_while_this_one_reads(committed, sent, reader):
    one = reader(sets_pace=True)
    publish_many([NewEvent("job.started")] * 200)
    hints.flush()
    hints.clear(NUMBER_TASK)
    sent.clear()
    tasks.number()
    hints.flush()
    assert len(one.seen) == 200
    assert (NUMBER_TASK,) in sent


def test_a_task_wakes_what_its_hint_names(committed, reader):
    one = reader(transactional=False)
    publish("job.started")
    tasks.number()
    tasks.catch_up("reader")
    assert one.seen == [Event.objects.get().pk]


# The broker down


def test_publishing_with_the_broker_down_neither_fails_nor_waits(committed, broker_down, caplog):
    for _ in range(20):
        publish("job.started")
    assert hints.flush(timeout=10)
    [failure] = [record for record in caplog.records if "hints pause" in record.message]
    assert failure.threadName == "carillon-hints"


def test_the_broker_is_left_alone_for_a_while_after_a_failure(broker_down, caplog):
    for _ in range(5):
        send("some.task")
    hints.clear("some.task")
    assert caplog.text.count("hints pause") == 1


def test_what_no_hint_announced_is_found_by_the_sweep(committed, broker_down, reader):
    one = reader()
    with transaction.atomic():
        event = publish("job.started")
    sweep()
    assert one.seen == [event.pk]


def test_a_worker_whose_redis_is_gone_looks_all_the_same(committed, broker_down):
    publish("job.started")
    tasks.number()
    assert not sequencer.has_unnumbered()


def test_sending_never_waits_for_a_slow_broker(monkeypatch):
    is_slow, may_go = threading.Event(), threading.Event()
    taken: list[object] = []

    class Frozen:
        def send_task(self, *_: object, args: object, **__: object) -> None:
            is_slow.set()
            may_go.wait(30)
            taken.append(args)

    monkeypatch.setattr(hints, "current_app", Frozen())
    hints.send("some.task")
    assert is_slow.wait(10)
    hints.send("some.task", "one")
    assert not hints.flush(timeout=0.01)
    assert taken == []
    may_go.set()
    assert hints.flush(timeout=10)
    assert taken == [(), ("one",)]


def test_a_forked_child_hints_by_a_thread_of_its_own(monkeypatch):
    send("some.task")
    seen: list[object] = []

    class Broker:
        def send_task(self, name: str, **_: object) -> None:
            seen.append(name)

    monkeypatch.setattr(hints, "current_app", Broker())
    hints.clear("some.task")

    def child() -> bool:
        hints.send("some.task")
        return hints.flush(timeout=5) and seen == ["some.task"]

    assert holds_in_a_fork(child)
