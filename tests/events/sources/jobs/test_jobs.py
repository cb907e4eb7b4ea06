"""What jobs tell of themselves: each state once, one end, whatever happens on the way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import signals
from celery.exceptions import Ignore, Reject
from django.db import OperationalError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from kombu.exceptions import OperationalError as BrokerError

from config.celery import app
from events.entities import Entity
from events.log.publish import NUMBER_TASK
from events.models import Event, EventType, TrackedJob
from events.sources.jobs import job, lifecycle, reporter, track_job, tracking
from events.tasks import number
from tests.events.concurrency import at_once
from tests.own_settings import own


def lose() -> None:
    TrackedJob.objects.filter(ended_at=None).update(due_at=LONG_AGO)
    lifecycle.sweep()


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def told() -> list[tuple[str, Any]]:
    rows = Event.objects.filter(event_type__category="job").order_by("id").values_list("event_type__name", "payload")
    return [(name.removeprefix("job."), payload) for name, payload in rows]


def states() -> list[str]:
    return [state for state, _ in told()]


@pytest.fixture
def eager():
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@job(actor="user_id", source="shot:{shot_id}", project="project_id", title="Shot {shot_id:03}")
def render(self, shot_id, user_id, project_id=None):
    self.progress(0.4, "10 of 24 frames")
    self.progress(0.9)
    return shot_id


@job(title="Doomed")
def doomed(self):
    raise ValueError("no such checkpoint")


@job(max_retries=2, default_retry_delay=0, title="Third time lucky")
def lucky(self):
    if self.request.retries < 2:
        raise self.retry(exc=ValueError("not yet"))


@job(max_retries=1, default_retry_delay=0, title="Unlucky")
def unlucky(self):
    raise self.retry(exc=ValueError("never"))


@job(title="Stopped")
def stopped(self):
    raise KeyboardInterrupt


@job(title="Ignored")
def ignored(self):
    raise Ignore


@job(title="Rejected")
def rejected(self):
    raise Reject("not for me", requeue=False)


@job(title="First half")
def first_half(self):
    raise self.replace(lucky.si())


def test_a_task_tells_each_state_in_order(owner, eager):
    render.delay(42, user_id=owner.pk, project_id=7)
    assert states() == ["submitted", "started", "progress", "progress", "completed"]


def test_actor_source_project_and_title_are_taken_from_the_arguments(owner, eager):
    render.delay(42, owner.pk, 7)
    event = Event.objects.get(event_type__name="job.completed")
    assert (event.source, event.actor_user_id, event.project_id) == (Entity("shot", 42), owner.pk, 7)
    assert event.payload["name"] == "Shot 042"


def test_a_header_goes_before_what_the_task_declares(owner, eager):
    header = {"actor": owner.pk, "source": "job:7", "title": "Take 7"}
    render.apply_async((42, 99), headers={"carillon": header})
    event = Event.objects.get(event_type__name="job.completed")
    assert (event.source, event.actor_user_id, event.payload["name"]) == (Entity("job", 7), owner.pk, "Take 7")


def test_a_header_with_unknown_fields_is_left_out_and_said(owner, eager, caplog):
    render.apply_async((42, owner.pk), headers={"carillon": {"actr": 1}})
    assert Event.objects.filter(event_type__name="job.completed", actor_user=owner).exists()
    assert "may have title, actor, source, project only" in caplog.text


def test_a_job_without_a_source_is_its_own(db, eager):
    lucky.delay()
    assert Event.objects.filter(event_type__name="job.completed").get().source == Entity(
        "trackedjob", TrackedJob.objects.get().pk
    )


def test_a_failure_says_what_was_raised(db, eager):
    doomed.delay()
    assert states() == ["submitted", "started", "failed"]
    payload = told()[-1][1]
    assert (payload["error"], payload["error_type"]) == ("ValueError: no such checkpoint", "ValueError")


def test_an_exception_that_goes_to_the_caller_is_a_failure_too(db):
    with pytest.raises(ValueError, match="no such checkpoint"):
        doomed.apply(throw=True)
    assert states() == ["submitted", "started", "failed"]


def test_a_retry_is_no_end(db, eager):
    lucky.delay()
    assert states() == ["submitted", "started", "completed"]


def test_the_last_retry_s_failure_is_the_end(db, eager):
    unlucky.delay()
    assert states() == ["submitted", "started", "failed"]


@pytest.mark.parametrize(("task", "end"), [(stopped, "cancelled"), (ignored, "cancelled"), (rejected, "failed")])
def test_other_ways_out_are_ends_too(db, task, end):
    try:
        task.apply()
    except KeyboardInterrupt:
        assert task is stopped
    assert states() == ["submitted", "started", end]


def test_a_job_that_another_task_goes_on_with_has_one_end(db, eager):
    first_half.delay()
    assert states() == ["submitted", "started", "completed"]


def test_a_task_called_as_a_function_tells_nothing(owner):
    assert render(42, owner.pk) == 42
    assert states() == []


def test_tasks_of_carillon_itself_tell_nothing(db, eager):
    number.delay()
    assert states() == []


def test_a_call_that_does_not_fit_is_celery_s_to_refuse(db):
    with pytest.raises(TypeError, match="missing"):
        render.delay()
    assert states() == []


# Submitting


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    left: list[str] = []

    def send(name: str, *_more: Any, **_options: Any) -> SimpleNamespace:
        # The thread that wakes workers sends when it likes, also what an earlier test asked for.
        if name != NUMBER_TASK:
            left.append(name)
        return SimpleNamespace(id="1")

    monkeypatch.setattr(app, "send_task", send)
    monkeypatch.setattr(type(app.amqp), "send_task_message", property(lambda _: lambda _p, name, *_a, **_k: send(name)))
    return left


def test_in_a_transaction_the_message_leaves_when_it_commits(owner, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        render.delay(42, owner.pk)
        assert (states(), sent) == (["submitted"], [])
    assert sent == [render.name]


def test_what_rolls_back_was_neither_submitted_nor_sent(owner, sent):
    with transaction.atomic():
        render.delay(42, owner.pk)
        transaction.set_rollback(True)
    assert (states(), sent) == ([], [])


def test_a_job_that_cannot_be_queued_has_failed(owner, monkeypatch, django_capture_on_commit_callbacks):
    def refuse(*_a: Any, **_k: Any) -> None:
        raise BrokerError("connection refused")

    monkeypatch.setattr(type(app.amqp), "send_task_message", property(lambda _: refuse))
    with django_capture_on_commit_callbacks(execute=True):
        render.delay(42, owner.pk)
    assert states() == ["submitted", "failed"]
    assert "could not be queued: connection refused" in told()[-1][1]["error"]


def test_a_revoked_job_is_cancelled_once(owner):
    request = SimpleNamespace(id="r1", args=(42, owner.pk), kwargs={}, headers=None)
    for _ in range(2):
        signals.task_revoked.send(sender=render, request=request, terminated=False, signum=None, expired=False)
    assert states() == ["submitted", "cancelled"]


# The ledger


def began(key: str = "k", *, lease: float = 60) -> TrackedJob:
    row = lifecycle.submit(key, lifecycle.facts("Take 7"))
    lifecycle.start(row, lease=timedelta(seconds=lease))
    return row


def test_a_job_whose_process_is_gone_is_found_and_told_once(db):
    began(lease=-1)
    lifecycle.sweep()
    lifecycle.sweep()
    assert states() == ["submitted", "started", "failed"]
    assert told()[-1][1]["error"] == "Lost: the process that ran it is gone."


def test_a_job_that_nobody_began_in_time_is_lost(db):
    lifecycle.submit("k", lifecycle.facts("Take 7"), wait=timedelta(seconds=-1))
    lifecycle.sweep()
    assert told()[-1][1]["error"] == "Lost: nobody began it in time."


def test_a_sign_of_life_keeps_a_job(db):
    row = began(lease=-1)
    lifecycle.heartbeat([row.pk], lease=timedelta(seconds=60))
    lifecycle.sweep()
    assert states() == ["submitted", "started"]


def test_a_job_put_back_waits_without_signs_of_life(db):
    row = began()
    lifecycle.requeue("k")
    lifecycle.heartbeat([row.pk], lease=timedelta(seconds=-1))
    lifecycle.sweep()
    assert states() == ["submitted", "started"]


def test_what_ended_long_ago_is_forgotten(db):
    began()
    lifecycle.end("k", "completed", {})
    TrackedJob.objects.update(due_at=timezone.now() - timedelta(days=1))
    lifecycle.sweep()
    assert not TrackedJob.objects.exists()


def test_a_sweep_with_nothing_to_do_is_one_query(db, django_assert_num_queries):
    began()
    with django_assert_num_queries(1):
        lifecycle.sweep()


@pytest.mark.parametrize("renew", [lambda keys: lifecycle.heartbeat(keys, lease=timedelta(60)), lifecycle.extend_wait])
@pytest.mark.parametrize("count", [0, 1, 300])
def test_signs_of_life_are_one_query_however_many_jobs_there_are(db, django_assert_num_queries, renew, count):
    jobs = TrackedJob.objects.bulk_create(
        TrackedJob(key=f"k{number}", name="Take", due_at=timezone.now()) for number in range(count)
    )
    with django_assert_num_queries(1):
        renew([job.pk for job in jobs])


@hypothesis_settings(max_examples=30)
@given(steps=st.lists(st.sampled_from(["submit", "start", "end", "fail", "cancel", "back", "lose", "progress"])))
@pytest.mark.django_db(transaction=False)
def test_whatever_comes_in_whatever_order_there_is_at_most_one_of_each_and_nothing_after_the_end(steps):
    Event.objects.all().delete()
    TrackedJob.objects.all().delete()
    about = lifecycle.facts("Take 7")
    do: dict[str, Callable[[], object]] = {
        "submit": lambda: lifecycle.submit("k", about),
        "start": lambda: lifecycle.start(lifecycle.submit("k", about), lease=timedelta(seconds=60)),
        "end": lambda: lifecycle.end("k", "completed", {}),
        "fail": lambda: lifecycle.end("k", "failed", {}),
        "cancel": lambda: lifecycle.end("k", "cancelled", {}),
        "back": lambda: lifecycle.requeue("k"),
        "progress": lambda: [lifecycle.progress(row.pk, {"progress": 0.5}) for row in TrackedJob.objects.all()],
        "lose": lose,
    }
    for step in steps:
        do[step]()
    seen = states()
    ends = [place for place, state in enumerate(seen) if state in ("completed", "failed", "cancelled")]
    assert ends in ([], [len(seen) - 1])
    assert seen.count("submitted") <= 1
    assert seen.count("started") <= 1


def test_of_two_ends_at_once_one_is_told(committed):
    began()
    at_once(lambda: lifecycle.end("k", "completed", {}), lambda: lifecycle.end("k", "failed", {"error": "lost"}))
    assert len(states()) == 3


def test_a_refused_event_is_logged_with_its_reason_and_the_job_goes_on(db, caplog):
    EventType.objects.filter(name="job.started").update(is_active=False)
    with track_job("Take 7"):
        pass
    assert states() == ["submitted", "completed"]
    assert "job.started of Take 7" in caplog.text
    assert "switched off" in caplog.text


def test_an_actor_that_is_gone_does_not_keep_the_end_from_being_told(db, caplog):
    with track_job("Take 7", actor=2_000_000):
        pass
    assert states() == ["submitted", "started", "completed"]
    assert "there is no user 2000000" in caplog.text


@pytest.mark.parametrize("bad", ["shot", "Shot:1", "shot:a b", 7])
def test_a_source_that_is_none_is_said_and_left_out(bad, caplog):
    assert lifecycle.facts("Take 7", source=bad).source is None
    assert "has no source of its own" in caplog.text


@pytest.mark.parametrize("odd", ["\0", "\ud800", "x" * 9999, "", ValueError("\ud800\0")])
def test_any_text_fits_a_payload(db, odd):
    with track_job(lifecycle.text(odd), payload={"odd": lifecycle.text(odd)}) as tracked:
        tracked.progress(0.5, str(odd))
    assert states() == ["submitted", "started", "progress", "completed"]
    assert lifecycle.text(tracking.failure(ValueError(odd))["error"])


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.34, "0.3 s"), (59.9, "59.9 s"), (728, "12 min 08 s"), (7500, "2 h 05 min")]
)
def test_durations_read_as_people_say_them(seconds, said):
    assert lifecycle.duration(timezone.now() - timedelta(seconds=seconds)) == said


# Code without Celery


def test_a_block_tells_begin_and_end(owner):
    with track_job("Import", source=Entity("shot", 42), actor=owner, project_id=7) as tracked:
        tracked.progress(0.5, "half")
    assert states() == ["submitted", "started", "progress", "completed"]


def test_an_exception_makes_a_block_failed_and_goes_on(db):
    with pytest.raises(ZeroDivisionError), track_job("Import"):
        1 / 0  # noqa: B018
    assert told()[-1][1]["error"] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whoever_is_stopped_is_cancelled(db, stop):
    with pytest.raises(stop), track_job("Import"):
        raise stop
    assert told()[-1] == ("cancelled", {"name": "Import", "message": f"Stopped by {stop.__name__}"})


def test_blocks_within_blocks_are_jobs_of_their_own(db):
    with track_job("Outer"), pytest.raises(ValueError, match="inner"), track_job("Inner"):
        raise ValueError("inner")
    assert [(state, payload["name"]) for state, payload in told()] == [
        ("submitted", "Outer"),
        ("started", "Outer"),
        ("submitted", "Inner"),
        ("started", "Inner"),
        ("failed", "Inner"),
        ("completed", "Outer"),
    ]


def test_in_a_transaction_that_rolls_back_a_block_was_never_told(db):
    with pytest.raises(ZeroDivisionError), transaction.atomic(), track_job("Import"):
        1 / 0  # noqa: B018
    assert states() == []


def test_a_database_that_is_away_costs_the_job_nothing(db, monkeypatch, caplog):
    def away(*_a: Any, **_k: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(lifecycle, "submit", away)
    with track_job("Import") as tracked:
        tracked.progress(0.5)
    assert "Import runs untold: the database is away" in caplog.text


def test_progress_is_told_at_most_twice_a_second_and_the_last_is_kept(committed):
    with track_job("Import") as tracked:
        for step in range(1000):
            tracked.progress(step / 1000)
    shares = [payload["progress"] for state, payload in told() if state == "progress"]
    assert len(shares) <= 2
    assert shares[-1] == 0.999


@pytest.mark.service
def test_progress_is_seen_while_the_job_sits_in_a_transaction(committed):
    with track_job("Import") as tracked, transaction.atomic():
        TrackedJob.objects.create(key="another", name="Another", due_at=timezone.now())
        tracked.progress(0.5)
        assert at_once(wait_for_progress) == [True]


def wait_for_progress() -> bool:
    return any(_pause(0.01) or "progress" in states() for _ in range(300))


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def test_an_end_that_could_not_be_written_is_written_later(committed, monkeypatch):
    monkeypatch.setattr(reporter, "RETRY_SECONDS", 0.01)
    real = lifecycle.end
    tries: list[Any] = []

    def hesitant(*args: Any, **kwargs: Any) -> bool:
        tries.append(args)
        if len(tries) < 3:
            raise OperationalError("the database is away")
        return real(*args, **kwargs)

    monkeypatch.setattr(lifecycle, "end", hesitant)
    with track_job("Import"):
        pass
    assert any(_pause(0.02) or "completed" in states() for _ in range(200))


def test_nobody_writes_for_jobs_when_there_are_none(committed):
    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "carillon-jobs"]

    with track_job("Import"):
        assert len(threads()) == 1
    for thread in threads():
        thread.join(2)
    assert threads() == []


def test_a_running_job_shows_signs_of_life(committed, settings):
    own(settings, JOB_LEASE_SECONDS=0.2)
    with track_job("Import"):
        _pause(0.4)
        lifecycle.sweep()
    assert states() == ["submitted", "started", "completed"]


def test_running_jobs_are_known_by_their_task(owner, eager):
    render.delay(42, owner.pk)
    assert tracking.running == {}


def test_logging_names_the_job(db, caplog):
    caplog.set_level(logging.WARNING)
    key = "celery:again"
    assert tracking.begin(key, lifecycle.facts("Take 7")) is not None
    lifecycle.end(key, "completed", {})
    assert tracking.begin(key, lifecycle.facts("Take 7")) is None
    assert "Take 7 (celery:again) runs again although its end was told" in caplog.text
