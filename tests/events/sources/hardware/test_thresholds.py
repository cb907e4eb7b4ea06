"""The hardware monitor's decision, against a slow reference that looks at the whole history each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.sources.hardware.thresholds import told_after

PERCENT = st.floats(min_value=0, max_value=100, allow_nan=False)


def told_by_reference(history: list[float], *, threshold: float, margin: float) -> list[int]:
    """Steps at which one disk is told: too full, and armed since the last telling."""
    told: list[int] = []
    for step, value in enumerate(history):
        since = history[told[-1] : step] if told else []
        is_armed = not told or any(earlier < threshold - margin for earlier in since)
        if value >= threshold and is_armed:
            told.append(step)
    return told


def told_steps(history: list[float], *, threshold: float, margin: float) -> list[int]:
    state: float | None = None
    told = []
    for step, value in enumerate(history):
        before, state = state, told_after(value, state, threshold=threshold, margin=margin)
        if before is None and state is not None:
            told.append(step)
    return told


@given(st.lists(PERCENT, max_size=40), st.integers(1, 100), st.integers(0, 20))
def test_a_disk_is_told_exactly_when_the_reference_tells_it(history, threshold, margin):
    expected = told_by_reference(history, threshold=threshold, margin=margin)
    assert told_steps(history, threshold=threshold, margin=margin) == expected


@given(PERCENT, st.none() | PERCENT, st.integers(1, 100))
def test_a_second_look_at_the_same_number_changes_nothing(value, told, threshold):
    first = told_after(value, told, threshold=threshold, margin=5)
    assert told_after(value, first, threshold=threshold, margin=5) == first


def test_a_value_that_swings_around_the_threshold_is_told_once():
    assert told_steps([89, 90, 89, 90, 88, 91], threshold=90, margin=5) == [1]


def test_it_is_told_again_after_it_fell_below_the_margin():
    assert told_steps([90, 84.9, 90], threshold=90, margin=5) == [0, 2]


def test_a_threshold_raised_above_the_value_arms_the_disk_for_the_new_one():
    assert told_after(92.0, 90.0, threshold=95, margin=5) is None


def test_a_lowered_threshold_does_not_tell_what_was_told():
    assert told_after(92.0, 90.0, threshold=80, margin=5) == 90.0
