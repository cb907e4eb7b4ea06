"""The hardware monitor's decision, against a slow reference that looks at the whole history each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.sources.hardware.thresholds import crossings

PERCENT = st.floats(min_value=0, max_value=100, allow_nan=False)
NAMES = st.sampled_from(["/", "/data", "/home"])


def told_by_reference(history: list[float], *, threshold: float, margin: float) -> list[int]:
    """Steps at which one disk is told: too full, and armed since the last telling."""
    told: list[int] = []
    for step, value in enumerate(history):
        since = history[told[-1] : step] if told else []
        is_armed = not told or any(earlier < threshold - margin for earlier in since)
        if value >= threshold and is_armed:
            told.append(step)
    return told


def told_by_crossings(history: list[float], *, threshold: float, margin: float) -> list[int]:
    state: dict[str, float | None] = {}
    told = []
    for step, value in enumerate(history):
        found = crossings({"/": value}, state, threshold=threshold, margin=margin)
        state |= dict.fromkeys(found.up, threshold) | dict.fromkeys(found.back)
        told += [step for _ in found.up]
    return told


@given(st.lists(PERCENT, max_size=40), st.integers(1, 100), st.integers(0, 20))
def test_a_disk_is_told_exactly_when_the_reference_tells_it(history, threshold, margin):
    expected = told_by_reference(history, threshold=threshold, margin=margin)
    assert told_by_crossings(history, threshold=threshold, margin=margin) == expected


@given(st.dictionaries(NAMES, PERCENT), st.dictionaries(NAMES, st.none() | PERCENT), st.integers(1, 100))
def test_a_second_look_at_the_same_numbers_changes_nothing(readings, state, threshold):
    first = crossings(readings, state, threshold=threshold, margin=5)
    after = state | dict.fromkeys(first.up, float(threshold)) | dict.fromkeys(first.back)
    assert crossings(readings, after, threshold=threshold, margin=5) == type(first)((), ())


@given(st.dictionaries(NAMES, PERCENT), st.dictionaries(NAMES, st.none() | PERCENT), st.integers(1, 100))
def test_disks_are_decided_independently(readings, state, threshold):
    together = crossings(readings, state, threshold=threshold, margin=5)
    for name, value in readings.items():
        alone = crossings({name: value}, state, threshold=threshold, margin=5)
        assert (name in together.up, name in together.back) == (bool(alone.up), bool(alone.back))


def test_a_value_that_swings_around_the_threshold_is_told_once():
    assert told_by_crossings([89, 90, 89, 90, 88, 91], threshold=90, margin=5) == [1]


def test_it_is_told_again_after_it_fell_below_the_margin():
    assert told_by_crossings([90, 84.9, 90], threshold=90, margin=5) == [0, 2]


def test_a_threshold_raised_above_the_value_arms_the_disk_for_the_new_one():
    assert crossings({"/": 92.0}, {"/": 90.0}, threshold=95, margin=5).back == ("/",)


def test_a_lowered_threshold_does_not_tell_what_was_told():
    assert not crossings({"/": 92.0}, {"/": 90.0}, threshold=80, margin=5).up
