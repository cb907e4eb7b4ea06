"""Times as a person reads them: on their own wall clock, in their words."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _


def local(at: datetime, *, zone: ZoneInfo) -> datetime:
    """Moment as the clocks there show it; as it is where they have no year for it: other programs write moments too."""
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError):
        return at


def short_time(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Moment as an absolute time, which stays right on a page that nothing refreshes; scripts make it relative."""
    shown, today = local(at, zone=zone), now.astimezone(zone).date()
    clock = date_format(shown, "H:i")
    if shown.date() == today:
        return clock
    if shown.date() == today - timedelta(days=1):
        return _("Yesterday {time}").format(time=clock)
    return date_format(shown, "j M, H:i" if shown.year == today.year else "j M Y, H:i")


def day_name(day: date, *, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "l j F" if day.year == today.year else "j F Y")


def full_time(at: datetime, *, zone: ZoneInfo) -> str:
    return f"{date_format(local(at, zone=zone), 'j M Y, H:i')} ({zone.key})"


def end_time(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    shown = local(at, zone=zone)
    if shown.date() == now.astimezone(zone).date():
        return date_format(shown, "H:i")
    return date_format(shown, "D j M, H:i" if shown.year == now.astimezone(zone).year else "D j M Y, H:i")
