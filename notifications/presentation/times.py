"""Times as a person reads them: on their own wall clock, in their words."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _


def short_time(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Moment as an absolute time, which stays right on a page that nothing refreshes; scripts make it relative."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = date_format(local, "H:i")
    if local.date() == today:
        return clock
    if local.date() == today - timedelta(days=1):
        return _("Yesterday {time}").format(time=clock)
    return date_format(local, "j M, H:i" if local.year == today.year else "j M Y, H:i")


def day_name(day: date, *, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "l j F" if day.year == today.year else "j F Y")


def full_time(at: datetime, *, zone: ZoneInfo) -> str:
    return f"{date_format(at.astimezone(zone), 'j M Y, H:i')} ({zone.key})"


def end_time(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return date_format(local, "H:i")
    return date_format(local, "D j M, H:i")
