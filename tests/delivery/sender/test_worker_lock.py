"""One drain at a time in a worker: among its threads, and among the processes that were forked."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.sharedctypes import RawValue

import pytest

from delivery.sender import worker_lock
from tests.events.concurrency import holds_in_a_fork


@pytest.fixture(autouse=True)
def _own_lock(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(worker_lock, "_is_stopping", RawValue("b", 0))
    assert worker_lock.acquire()
    yield
    worker_lock.release()


def test_another_thread_has_to_leave_it():
    taken = []
    thread = threading.Thread(target=lambda: taken.append(worker_lock.acquire()))
    thread.start()
    thread.join()
    assert taken == [False]


def test_another_process_of_the_worker_has_to_leave_it():
    assert holds_in_a_fork(lambda: not worker_lock.acquire())


def test_that_another_process_asked_is_seen():
    before = worker_lock.requests()
    assert holds_in_a_fork(lambda: not worker_lock.acquire())
    assert worker_lock.requests() != before


def test_a_forked_child_may_take_it_once_it_is_free():
    worker_lock.release()
    try:
        assert holds_in_a_fork(worker_lock.acquire)
    finally:
        assert worker_lock.acquire()


def test_it_ends_with_the_process_that_holds_it():
    worker_lock.release()
    child = os.fork()
    if not child:
        worker_lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert worker_lock.acquire()


def test_the_forked_ones_hear_that_the_worker_stops():
    worker_lock.stop()
    assert holds_in_a_fork(worker_lock.is_stopping)
