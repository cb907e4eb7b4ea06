"""Wall-clock arithmetic for quiet hours and digests: pure, over changes of the clock too.

A slow, obvious reference in the tests says the same, minute by minute (tests/notifications/holds/test_calendar.py).
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Windows repeat every week: who is quiet for longer than this always is.
HORIZON = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """Times of a person's digests. `weekday`: 0 is Monday; it counts for weekly ones, `hour` for all but hourly."""

    interval: str
    hour: int
    weekday: int
    zone: ZoneInfo


@functools.lru_cache(maxsize=4096)
def next_digest(schedule: DigestSchedule, after: datetime) -> datetime:
    """The first digest after this moment, in UTC: the next full hour on the person's wall clock, the next day's hour,
    or the next such weekday's. (Python holds a time in the hour that a clock shows twice for equal to no other zone's.)

    A day has one digest, also when the clock shows its hour twice (the first counts) or not at all (as much later as
    the clock jumps).
    """
    if schedule.interval == "hourly":
        return _next_full_hour(after, schedule.zone)
    is_weekly = schedule.interval == "weekly"
    day = after.astimezone(schedule.zone).date()
    if is_weekly:
        day += timedelta(days=(schedule.weekday - day.weekday()) % 7)
    due = at_wall(day, time(schedule.hour), schedule.zone)
    return (
        due if due > after else at_wall(day + timedelta(days=7 if is_weekly else 1), time(schedule.hour), schedule.zone)
    )


def at_wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a clock there shows this; where it skips that, as much later as it jumps."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def is_within(windows: Sequence[Mapping[str, Any]], *, local: datetime) -> bool:
    """True inside a weekly window on the person's wall clock; one that ends before it starts goes over midnight."""
    return _left(windows, local=local) > timedelta()


def quiet_until(windows: Sequence[Mapping[str, Any]], *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """End of the window that `now` is in, with those that follow it without a break; `now` itself outside of any.
    None: the windows cover the week.

    The wall clock decides minute by minute: one that is set back can show a window's end twice.
    """
    at = now.astimezone(UTC)
    while at < now + HORIZON:
        left = _left(windows, local=at.astimezone(zone))
        if not left:
            return at
        at = _change_of_clock(zone, at, at + left) or at + left
    return None


def label(at: datetime, *, zone: ZoneInfo) -> str:
    """A window's name, the same whoever closes it: its end as the person's clock shows it, `2026-11-22T09:00+01:00`."""
    local = at.astimezone(zone)
    return local.isoformat(timespec="microseconds" if local.microsecond or local.second else "minutes")


def _next_full_hour(after: datetime, zone: ZoneInfo) -> datetime:
    at = after.astimezone(UTC).replace(second=0, microsecond=0)
    while True:
        at += timedelta(minutes=60 - at.astimezone(zone).minute)
        # The clock may have been changed by half an hour on the way.
        if at.astimezone(zone).minute == 0:
            return at


def _left(windows: Sequence[Mapping[str, Any]], *, local: datetime) -> timedelta:
    """Span until the last end of the windows that this wall time is in, on the wall clock; nothing outside of any."""
    wall, today = local.replace(tzinfo=None, fold=0), local.date()
    left = timedelta()
    for window in windows:
        start, end = time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
        for day in (today - timedelta(days=1), today):
            if day.weekday() in window["days"]:
                ends = datetime.combine(day if start < end else day + timedelta(days=1), end)
                if datetime.combine(day, start) <= wall < ends:
                    left = max(left, ends - wall)
    return left


def _change_of_clock(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The moment in (after, until] from which the clocks there are set otherwise, to the minute."""
    offset = after.astimezone(zone).utcoffset()
    if until.astimezone(zone).utcoffset() == offset:
        return None
    low, high = after.replace(second=0, microsecond=0), until
    while high - low > MINUTE:
        middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
        if middle == low:
            middle += MINUTE
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(second=0, microsecond=0)
