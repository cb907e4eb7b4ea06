"""Moments around changes of the clock, and weekly windows, for Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from notifications.holds.calendar import DigestSchedule

ZONES = [ZoneInfo(name) for name in ("Europe/Paris", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe")]
# Of 2026: the clocks of Paris, New York and Lord Howe are set at these moments; and one at which none is.
TURNS = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 6, 15, 12, tzinfo=UTC),
]
MINUTE = timedelta(minutes=1)
CLOCKS = ["00:00", "01:30", "02:00", "02:15", "02:30", "03:00", "07:00", "12:00", "22:00", "23:59"]


def moments() -> st.SearchStrategy[datetime]:
    """Within two days of such a change, to the microsecond now and then."""
    away = st.integers(-2 * 24 * 60, 2 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
    more = st.sampled_from([timedelta(), timedelta(seconds=7), timedelta(microseconds=1), timedelta(seconds=59.999999)])
    return st.builds(lambda turn, by, odd: turn + by + odd, st.sampled_from(TURNS), away, more)


def weeks(*, longest: timedelta) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to four windows a week, none longer than that."""
    clock = st.sampled_from(CLOCKS)
    days = st.sets(st.integers(0, 6), min_size=1).map(sorted)
    window = st.fixed_dictionaries({"days": days, "start": clock, "end": clock})
    return st.lists(window.filter(lambda found: timedelta() < _length(found) <= longest), max_size=4)


def is_due(schedule: DigestSchedule, at: datetime) -> bool:
    """True if a digest is due at this full minute: its hour is struck for the first time that day."""
    local = at.astimezone(schedule.zone)
    if schedule.interval == "hourly":
        return local.minute == 0
    if schedule.interval == "weekly" and local.weekday() != schedule.weekday:
        return False
    if local.hour < schedule.hour:
        return False
    # Until the minute before, the clock had not shown the hour that day; not even before it was set back.
    shown_before = [(at - n * MINUTE).astimezone(schedule.zone) for n in range(1, 121)]
    same_day = [earlier for earlier in shown_before if earlier.date() == local.date()]
    return all(earlier.hour < schedule.hour for earlier in same_day)


def _length(window: dict[str, Any]) -> timedelta:
    start, end = (datetime.strptime(window[name], "%H:%M") for name in ("start", "end"))  # noqa: DTZ007
    return (end - start) % timedelta(days=1)
