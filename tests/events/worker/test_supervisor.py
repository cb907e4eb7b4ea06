"""A part that ends unasked is told; one that was stopped is not."""

from __future__ import annotations

import queue
import threading

import pytest

from events.worker.supervisor import Supervised


class Part:
    name = "part"

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.stopped = threading.Event()

    def run(self) -> None:
        if self.error:
            raise self.error
        self.stopped.wait(10)

    def stop(self) -> None:
        self.stopped.set()


@pytest.mark.parametrize("error", [ValueError("a bug"), SystemExit(0), KeyboardInterrupt()])
def test_a_part_that_dies_is_told_however_it_died(error):
    reasons: queue.Queue[str] = queue.Queue()
    Supervised(Part(error), on_death=reasons.put).start()
    assert reasons.get(timeout=10) == "The part thread ended"


def test_a_part_that_was_stopped_is_not_told():
    reasons: list[str] = []
    supervised = Supervised(Part(), on_death=reasons.append)
    supervised.start()
    assert supervised.stop(timeout=10)
    assert reasons == []


def test_what_never_started_stops_at_once():
    assert Supervised(Part(), on_death=print).stop(timeout=0)
