"""Python's search for cycles, less often while thousands of rows are worked on.

A drain makes some hundred objects for each delivery and hardly a cycle among them, in a process that holds all of
Django: at the usual threshold the search takes a quarter of its time; of telling thousands of people a tenth.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# New objects before the young are searched: some megabytes.
THRESHOLD = 50_000

_lock = threading.Lock()
_usual: list[tuple[int, int, int]] = []


@contextmanager
def searched_rarely() -> Iterator[None]:
    """Until the last of those who asked for it is done."""
    with _lock:
        _usual.append(gc.get_threshold() if not _usual else _usual[0])
        gc.set_threshold(THRESHOLD, *_usual[0][1:])
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                gc.set_threshold(*usual)
