"""The garbage collector is tuned once for a process, by its start."""

from __future__ import annotations

import gc

from config import apps


def test_what_a_process_loads_at_its_start_is_never_searched_for_cycles_and_the_young_rarely():
    assert gc.get_freeze_count() > 100_000
    assert gc.get_threshold()[0] == apps.YOUNG_OBJECTS
