"""Do-not-disturb ends to choose from, and when the next digest is due: on the person's own wall clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

MORNING = time(8)
# What a choice is called; "" leaves the end as it is, "open" has none, "at" takes the time from its own field.
PRESETS: list[tuple[str, Promise]] = [
    ("open", gettext_lazy("Until I turn it off")),
    ("30m", gettext_lazy("For 30 minutes")),
    ("1h", gettext_lazy("For 1 hour")),
    ("2h", gettext_lazy("For 2 hours")),
    ("tomorrow", gettext_lazy("Until tomorrow 08:00")),
    ("monday", gettext_lazy("Until Monday 08:00")),
    ("at", gettext_lazy("Until a time of my choice")),
]
_SPANS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "2h": timedelta(hours=2)}


def end_of(preset: str, *, now: datetime, zone: ZoneInfo, at: str = "") -> datetime | None:
    """The moment a choice means; None: without an end. ValueError for a choice or a time that is none."""
    if preset in _SPANS:
        return now + _SPANS[preset]
    today = now.astimezone(zone).date()
    match preset:
        case "open":
            return None
        case "tomorrow":
            return _wall(today + timedelta(days=1), MORNING, zone)
        case "monday":
            return _wall(today + timedelta(days=7 - today.weekday()), MORNING, zone)
        case "at":
            return datetime.fromisoformat(at).replace(tzinfo=zone)
    raise ValueError(f"{preset!r} is no end to choose; there are {', '.join(name for name, _ in PRESETS)}")


def next_digest(*, interval: str, hour: int, weekday: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The next full hour, the next day's hour, or the next such weekday's."""
    local = now.astimezone(zone)
    if interval == "hourly":
        return (now + timedelta(hours=1)).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    day = local.date()
    if interval == "weekly":
        day += timedelta(days=(weekday - day.weekday()) % 7)
    due = _wall(day, time(hour), zone)
    return due if due > now else _wall(day + timedelta(days=7 if interval == "weekly" else 1), time(hour), zone)


def _wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone)
