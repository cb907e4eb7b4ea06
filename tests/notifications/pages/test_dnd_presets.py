"""Ends of do-not-disturb, on the person's own wall clock, over changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notifications.pages.preferences.dnd_presets import end_of
from notifications.presentation.times import day_name, end_time, short_time

PARIS = ZoneInfo("Europe/Paris")
# A Saturday, the evening before the clocks go back in Paris.
SATURDAY = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("preset", "end"),
    [
        ("30m", datetime(2026, 10, 24, 21, 0, tzinfo=UTC)),
        ("2h", datetime(2026, 10, 24, 22, 30, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
        ("monday", datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
        ("open", None),
    ],
)
def test_an_end_is_meant_on_the_wall_clock(preset, end):
    assert end_of(preset, now=SATURDAY, zone=PARIS) == end


def test_an_end_of_one_s_own_is_in_one_s_own_zone():
    assert end_of("at", now=SATURDAY, zone=PARIS, at="2026-10-26T08:00") == datetime(2026, 10, 26, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("at", ["", "soon", "2026-13-01T00:00"])
def test_a_time_that_is_none_is_refused(at):
    with pytest.raises(ValueError):
        end_of("at", now=SATURDAY, zone=PARIS, at=at)


def test_monday_is_the_next_one_also_on_a_monday():
    monday = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)
    assert end_of("monday", now=monday, zone=PARIS) == datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 10, 24, 12, 5, tzinfo=UTC), "14:05"),
        (datetime(2026, 10, 23, 12, 5, tzinfo=UTC), "Yesterday 14:05"),
        (datetime(2026, 3, 1, 12, 5, tzinfo=UTC), "1 Mar, 13:05"),
        (datetime(2025, 3, 1, 12, 5, tzinfo=UTC), "1 Mar 2025, 13:05"),
    ],
)
def test_times_in_words(at, words):
    assert short_time(at, now=SATURDAY, zone=PARIS) == words


def test_days_and_ends_in_words():
    today = SATURDAY.astimezone(PARIS).date()
    assert day_name(today, today=today) == "Today"
    assert end_time(datetime(2026, 10, 26, 7, 0, tzinfo=UTC), now=SATURDAY, zone=PARIS) == "Mon 26 Oct, 08:00"
