"""Quiet hours and digest times compared with a slow, obvious reference that walks minute by minute, in four zones and
around their changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.holds.calendar import DigestSchedule, is_within, label, next_digest, quiet_until
from tests.notifications.strategies import TURNS, ZONES, is_due, moments, weeks

MINUTE = timedelta(minutes=1)
PARIS = ZoneInfo("Europe/Paris")
NIGHT = [{"days": list(range(7)), "start": "22:00", "end": "07:00"}]

schedules = st.builds(
    DigestSchedule,
    interval=st.sampled_from(["hourly", "daily", "weekly"]),
    hour=st.sampled_from([0, 1, 2, 3, 9, 23]),
    weekday=st.integers(0, 6),
    zone=st.sampled_from(ZONES),
)


@settings(max_examples=30, deadline=None)
@given(schedule=schedules, at=moments(), zone=st.sampled_from(ZONES))
def test_the_next_digest_is_the_first_that_is_due(schedule, at, zone):
    """The walk stops after two days; a weekly one is walked from its eve."""
    found = next_digest(schedule, at)
    start = at if found - at < timedelta(days=2) else found - timedelta(days=1)
    minute = start.replace(second=0, microsecond=0) + MINUTE
    while not is_due(schedule, minute):
        minute += MINUTE
    assert found == minute


@pytest.mark.parametrize("interval", ["hourly", "daily"])
def test_a_digest_in_an_hour_that_comes_twice_is_a_moment_like_any_other(interval):
    """No zone but its own would hold that hour's time for equal to it."""
    schedule = DigestSchedule(interval, hour=1, weekday=0, zone=ZoneInfo("America/New_York"))
    for hour in (4, 5):
        due = next_digest(schedule, datetime(2026, 11, 1, hour, 30, tzinfo=UTC))
        assert due == due.astimezone(schedule.zone).astimezone(UTC)


@settings(max_examples=60, deadline=None)
@given(schedule=schedules, at=moments())
def test_every_day_has_one_digest(schedule, at):
    """Walking from digest to digest, no day is left out and none has two."""
    if schedule.interval == "hourly":
        return
    due = [next_digest(schedule, at)]
    for _ in range(3):
        due.append(next_digest(schedule, due[-1]))
    days = [moment.astimezone(schedule.zone).date() for moment in due]
    step = timedelta(days=7 if schedule.interval == "weekly" else 1)
    assert [later - earlier for earlier, later in pairwise(days)] == [step] * 3


def walked(windows, *, at: datetime, zone: ZoneInfo) -> datetime:
    """Minute by minute until the wall clock shows a time outside of the windows."""
    if not is_within(windows, local=at.astimezone(zone)):
        return at
    minute = at.replace(second=0, microsecond=0)
    while is_within(windows, local=minute.astimezone(zone)):
        minute += MINUTE
    return minute


@settings(max_examples=50, deadline=None)
@given(windows=weeks(longest=timedelta(hours=14)), at=moments(), zone=st.sampled_from(ZONES))
def test_quiet_hours_end_when_the_wall_clock_says_so(windows, at, zone):
    found = quiet_until(windows, now=at, zone=zone)
    assert found is None or found == walked(windows, at=at, zone=zone)


def test_hours_without_a_break_never_end():
    always = [
        {"days": list(range(7)), "start": "00:00", "end": "12:00"},
        {"days": list(range(7)), "start": "12:00", "end": "00:00"},
    ]
    assert quiet_until(always, now=TURNS[0], zone=PARIS) is None


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_night_is_an_hour_shorter_or_longer_when_the_clock_is_set(at, end):
    assert quiet_until(NIGHT, now=at, zone=PARIS) == end


def test_an_end_that_the_clock_skips_is_the_moment_it_jumps():
    until_half_past_two = [{"days": [6], "start": "00:00", "end": "02:30"}]
    found = quiet_until(until_half_past_two, now=datetime(2026, 3, 29, 0, 15, 7, tzinfo=UTC), zone=PARIS)
    assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "due"),
    [
        ("Europe/Paris", datetime(2026, 3, 28, 12, tzinfo=UTC), "2026-03-29T03:00+02:00"),
        ("Europe/Paris", datetime(2026, 10, 24, 12, tzinfo=UTC), "2026-10-25T02:00+02:00"),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 0, tzinfo=UTC), "2026-10-04T02:30+11:00"),
        ("Asia/Kolkata", datetime(2026, 10, 3, 0, tzinfo=UTC), "2026-10-04T02:00+05:30"),
    ],
)
def test_two_o_clock_is_once_a_day(zone, day, due):
    schedule = DigestSchedule("daily", hour=2, weekday=0, zone=ZoneInfo(zone))
    assert label(next_digest(schedule, day), zone=schedule.zone) == due


def test_half_an_hour_more_or_less_moves_the_full_hours():
    """Lord Howe sets its clocks by thirty minutes."""
    schedule = DigestSchedule("hourly", hour=0, weekday=0, zone=ZoneInfo("Australia/Lord_Howe"))
    before = datetime(2026, 10, 3, 14, 40, tzinfo=UTC)
    assert next_digest(schedule, before) == datetime(2026, 10, 3, 16, 0, tzinfo=UTC)


def test_a_label_says_seconds_only_where_there_are_any():
    assert label(datetime(2026, 11, 22, 8, tzinfo=UTC), zone=PARIS) == "2026-11-22T09:00+01:00"
    assert label(datetime(2026, 11, 22, 8, 0, 7, 5, tzinfo=UTC), zone=PARIS) == "2026-11-22T09:00:07.000005+01:00"
