"""manage.py prune, and what beat does each hour."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from delivery.retention import prune as pruning
from delivery.retention import tasks
from delivery.retention.step import RetentionStep
from events.transport import hints
from tests.delivery.factories.retention import NOW, YOUNG, event, prune, row, sent, there
from tests.own_settings import own

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command takes them over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_says_what_went(owner, capsys):
    sent(row(owner), tries=2)
    call_command("prune")
    assert capsys.readouterr().out == (
        "Gone: 1 notifications, 0 summaries, 1 deliveries, 2 delivery attempts, 1 events, 0 reading batches, 0 mutes.\n"
    )


def test_a_dry_run_says_it_and_changes_nothing(owner, capsys):
    old = row(owner)
    call_command("prune", "--dry-run")
    assert capsys.readouterr().out.startswith("Would go: 1 notifications, 0 summaries, ")
    assert there(old, old.event) == [True, True]
    assert call_command("prune") is None
    assert there(old, old.event) == [False, False]


def test_days_shortens_the_time(owner):
    young = row(owner, YOUNG)
    call_command("prune", "--days", "5")
    assert there(young) == [False]


@pytest.mark.parametrize("days", ["0", "-1", "1000000000"])
def test_days_that_are_none_are_refused(days):
    with pytest.raises(CommandError, match="must be from 1 to 18250"):
        call_command("prune", f"--days={days}")


def test_the_settings_say_how_long_and_where(owner, settings, tmp_path):
    own(settings, NOTIFICATION_RETENTION_DAYS=5, ARCHIVE_DIR=tmp_path)
    event(YOUNG)
    call_command("prune")
    assert [file.name.split("-")[0] for file in tmp_path.iterdir()] == ["events"]


def test_an_archive_that_can_not_be_written_stops_it(settings, tmp_path):
    own(settings, ARCHIVE_DIR=tmp_path / "missing")
    happened = event()
    with pytest.raises(CommandError, match="What isn't archived stays"):
        call_command("prune")
    assert there(happened) == [True]


def test_it_stops_between_batches_when_told_to(owner, capsys, monkeypatch):
    old = row(owner)
    take = RetentionStep.take

    def told_meanwhile(self, ids, *, archived) -> Counter[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        return take(self, ids, archived=archived)

    monkeypatch.setattr(RetentionStep, "take", told_meanwhile)
    call_command("prune")
    assert there(old, old.event) == [False, True]
    assert capsys.readouterr().out.startswith("Stopped; gone: 1 notifications")


def test_a_run_that_was_stopped_is_gone_on_with(owner):
    old = row(owner)
    assert prune(should_stop=lambda: True).is_complete is False
    prune()
    assert there(old.event) == [False]


def test_beat_asks_each_hour():
    entry = PeriodicTask.objects.get(task=tasks.TASK)
    assert (entry.interval.every, entry.interval.period, entry.expire_seconds) == (3600, "seconds", 3600)


def test_workers_know_the_task():
    current_app.loader.import_default_modules()
    assert tasks.TASK in current_app.tasks


def test_the_task_takes_turns(owner, monkeypatch):
    sent_hints = []
    monkeypatch.setattr(hints, "send", lambda *hint: sent_hints.append(hint))
    monkeypatch.setattr(tasks, "MAX_SECONDS", 0.0)
    old = row(owner)
    tasks.prune()
    assert (there(old, old.event), sent_hints) == ([False, True], [(tasks.TASK,)])
    tasks.prune()
    tasks.prune()
    assert there(old.event) == [False]


def test_a_doubled_task_finds_nothing(owner):
    row(owner)
    tasks.prune()
    assert pruning.count(now=NOW, days=90).total() == 0
    assert prune().gone == {}
