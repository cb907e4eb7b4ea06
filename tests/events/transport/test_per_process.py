"""Each process has one object of its own; a forked child makes its own, whatever its parent was at."""

from __future__ import annotations

import os

from events.transport.per_process import PerProcess
from tests.events.concurrency import holds_in_a_fork


def test_it_is_made_once_when_it_is_first_needed():
    pids = PerProcess(lambda: [os.getpid()])
    assert pids.existing() is None
    assert pids.get() is pids.get()


def test_a_forked_child_makes_its_own():
    pids = PerProcess(os.getpid)
    assert pids.get() == os.getpid()
    assert holds_in_a_fork(lambda: pids.existing() is None and pids.get() == os.getpid())


def test_a_child_born_while_its_parent_makes_one_doesnt_wait_for_it():
    def fork_meanwhile() -> bool:
        return os.getpid() != parent or holds_in_a_fork(objects.get)

    parent = os.getpid()
    objects = PerProcess(fork_meanwhile)
    assert objects.get()


def test_after_a_reset_the_next_who_needs_it_makes_another():
    objects = PerProcess(object)
    first = objects.get()
    objects.reset()
    assert objects.get() is not first
