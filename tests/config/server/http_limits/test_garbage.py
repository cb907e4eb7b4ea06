"""What large requests leave behind goes with them, however long they were worked on."""

from __future__ import annotations

import gc
import weakref

from config.server.http_limits.budgets import GARBAGE, Limits


class Left:
    """An object in a cycle, as an exception is with its traceback."""

    def __init__(self) -> None:
        self.itself = self


def test_what_has_become_old_meanwhile_goes_too():
    left = Left()
    gc.collect()
    gone = weakref.ref(left)
    del left
    Limits().done_with(GARBAGE + 1)
    assert gone() is None
