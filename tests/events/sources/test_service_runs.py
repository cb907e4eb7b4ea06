"""A restart is told after an unclean end or with a new version, once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from events.models import Event, EventType, ServiceRun
from events.sources import service_runs
from tests.events.concurrency import at_once, until

NOBODY = 2**22 + 1


def start(*, version: str = "1", role: str = "web", host: str = "a", pid: int | None = None) -> ServiceRun:
    return service_runs.start(role, host=host, pid=os.getpid() if pid is None else pid, version=version)


def told() -> list[str]:
    rows = Event.objects.filter(event_type__name="system.restart").order_by("id")
    return [row.payload["message"] for row in rows]


def test_the_first_start_ever_is_no_restart(db):
    start()
    assert told() == []


def test_a_start_after_a_clean_end_is_not_told(db):
    service_runs.end(start())
    start()
    assert told() == []


def test_a_start_after_an_unclean_end_is_told_once(db):
    start(pid=NOBODY)
    start()
    start()
    assert told() == ["After an unclean end"]


def test_an_unclean_end_and_a_new_version_are_told_apart(db):
    start(pid=NOBODY)
    service_runs.end(start())
    start(version="2")
    rows = Event.objects.filter(event_type__name="system.restart").order_by("id")
    assert [row.payload["unclean"] for row in rows] == [True, False]


def test_a_process_number_that_was_used_again_is_another_process(db):
    run = start()
    ServiceRun.objects.filter(pk=run.pk).update(process_started=run.process_started - 100)
    start()
    assert told() == ["After an unclean end"]


def test_a_process_that_still_runs_beside_it_did_not_end(db):
    start()
    start()
    assert told() == []


def test_a_worker_says_nothing_of_a_web_process(db):
    start(pid=NOBODY)
    start(role="worker")
    assert told() == []


def test_a_new_version_is_told_by_the_first_process_that_has_it(db):
    service_runs.end(start())
    for role in ("web", "worker", "web"):
        start(role=role, version="2")
    assert told() == ["With version 2 after 1"]


def test_both_at_once_are_one_restart(db):
    start(pid=NOBODY)
    start(version="2")
    assert told() == ["After an unclean end; With version 2 after 1"]


def test_another_machine_is_given_up_only_when_it_is_silent(db):
    run = start(host="b")
    start()
    assert told() == []
    ServiceRun.objects.filter(pk=run.pk).update(seen_at=timezone.now() - timedelta(hours=1))
    start()
    assert told() == ["After an unclean end"]


def test_of_two_that_start_at_once_one_tells(committed):
    start(pid=NOBODY)
    at_once(start, start)
    assert told() == ["After an unclean end"]


def test_a_block_is_a_run_with_a_clean_end(committed):
    with service_runs.recorded("serve"):
        assert ServiceRun.objects.get().is_clean is None
    assert ServiceRun.objects.get().is_clean is True


def test_memory_is_that_of_the_process_and_its_children():
    alone = service_runs.memory(os.getpid()) or 0
    code = "held = b'x' * 100_000_000; print(1, flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        both = service_runs.memory(os.getpid()) or 0
        child.communicate(b"\n")
    assert 0 < alone < both - 90_000_000
    assert service_runs.memory(child.pid) is None


def test_each_sign_of_life_tells_the_memory_anew(committed, monkeypatch):
    figures = iter([1, 2])
    monkeypatch.setattr(service_runs, "memory", lambda _pid: next(figures, 3))
    monkeypatch.setattr(service_runs, "BEAT_SECONDS", 0.05)
    with service_runs.recorded("worker"):
        until(lambda: service_runs.memory_by_process() == {("worker", socket.gethostname(), str(os.getpid())): 3})
    assert service_runs.memory_by_process() == {}


def test_memory_is_told_of_several_processes_until_they_end_or_are_silent(db):
    ended, silent, *_ = (start(role="worker", host=host) for host in "abcd")
    service_runs.end(ended)
    ServiceRun.objects.filter(pk=silent.pk).update(seen_at=timezone.now() - timedelta(seconds=91))
    assert {host for _role, host, _pid in service_runs.memory_by_process()} == {"c", "d"}


def test_of_two_runs_of_one_process_number_the_newest_tells_its_memory(db):
    for held in (1, 2):
        ServiceRun.objects.filter(pk=start().pk).update(memory_bytes=held)
    assert list(service_runs.memory_by_process().values()) == [2]


def test_a_database_that_is_away_keeps_nothing_from_starting(monkeypatch, caplog):
    def away(*_a: object, **_k: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(service_runs, "start", away)
    with service_runs.recorded("serve"):
        pass
    assert "The start of serve is not written down: the database is away" in caplog.text


def test_a_type_that_is_switched_off_is_said(db, caplog):
    EventType.objects.filter(name="system.restart").update(is_active=False)
    start(pid=NOBODY)
    start()
    assert "The restart was not told" in caplog.text


@pytest.mark.parametrize("pid", [NOBODY, os.getpid()], ids=["nobody", "this one"])
def test_processes_are_known_by_when_they_began(pid):
    assert (service_runs.process_started(pid) is None) == (pid == NOBODY)
