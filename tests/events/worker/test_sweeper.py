"""The sweeper's thread outlives whatever its sweeps do."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from events.worker.sweeper import LONGEST_PAUSE, Sweeper, configured


def fails() -> None:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.fixture
def calls():
    return []


@pytest.fixture
def works(calls):
    return lambda: calls.append(1)


def test_a_sweep_that_fails_costs_the_others_nothing(works, calls):
    Sweeper([fails, works]).round()
    assert calls == [1]


def test_it_looks_every_second():
    assert Sweeper(configured()).pause == 1


def test_it_waits_longer_while_the_database_is_away_but_never_long():
    sweeper = Sweeper([fails], interval=1)
    pauses = []
    for _ in range(8):
        sweeper.round()
        pauses.append(sweeper.pause)
    assert pauses[0] == 2
    assert pauses[-1] == LONGEST_PAUSE


def test_it_is_back_to_its_interval_after_one_good_round():
    failures = [OperationalError("server closed the connection unexpectedly")]

    def fails_once() -> None:
        if failures:
            raise failures.pop()

    sweeper = Sweeper([fails_once], interval=1)
    sweeper.round()
    assert sweeper.pause == 2
    sweeper.round()
    assert sweeper.pause == 1


def test_a_row_of_failures_is_told_once_with_its_traceback(caplog):
    sweeper = Sweeper([fails])
    for _ in range(3):
        sweeper.round()
    assert [bool(record.exc_info) for record in caplog.records] == [True]


def test_it_sweeps_until_it_is_stopped():
    swept = threading.Semaphore(0)
    sweeper = Sweeper([swept.release], interval=0.01)
    thread = threading.Thread(target=sweeper.run, daemon=True)
    thread.start()
    assert all(swept.acquire(timeout=10) for _ in range(3))
    sweeper.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_the_settings_name_sweeps_that_exist():
    assert all(callable(sweep) for sweep in configured())
