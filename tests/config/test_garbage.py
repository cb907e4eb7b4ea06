"""A worker's process searches for cycles between its tasks, at most once a minute."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable

import pytest
from celery.signals import task_postrun

from config.celery import SECONDS_BETWEEN_COLLECTIONS, Collection, collection


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    return moment


def after_a_task(collect: Callable[[], object]) -> bool:
    lost = weakref.ref(Cycle())
    collect()
    return lost() is None


def test_cycles_of_a_task_are_gone_a_minute_later_and_no_sooner(clock):
    found = Collection()
    clock[0] += 59
    assert not after_a_task(found.after_task)
    clock[0] += 1
    assert after_a_task(found.after_task)
    assert not after_a_task(found.after_task)


def test_the_end_of_each_task_asks_for_it(clock):
    clock[0] = collection._last + SECONDS_BETWEEN_COLLECTIONS
    assert after_a_task(lambda: task_postrun.send(sender=None))
