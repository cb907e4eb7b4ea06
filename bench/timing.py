"""How long something takes; imports nothing, so that any environment can."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """The median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found)
