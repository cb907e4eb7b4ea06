"""Moments to choose from, for do not disturb and for snoozing, on the person's own wall clock. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from notifications.holds import calendar

EVENING, MORNING = time(18), time(8)
LABELS: dict[str, Promise] = {
    "30m": gettext_lazy("30 minutes"),
    "1h": gettext_lazy("1 hour"),
    "2h": gettext_lazy("2 hours"),
    "evening": gettext_lazy("This evening, 18:00"),
    "tomorrow": gettext_lazy("Tomorrow, 08:00"),
    "monday": gettext_lazy("Monday, 08:00"),
}
DND = ("30m", "1h", "2h", "evening", "tomorrow", "monday")
SNOOZE = ("1h", "evening", "tomorrow", "monday")

_SPANS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "2h": timedelta(hours=2)}


class Offer(NamedTuple):
    name: str
    label: str
    at: datetime


def moment_of(name: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, that a preset means now; this evening's may have passed. LookupError for a name of none."""
    if name in _SPANS:
        return now + _SPANS[name]
    today = now.astimezone(zone).date()
    days, at = {"evening": (0, EVENING), "tomorrow": (1, MORNING), "monday": (7 - today.weekday(), MORNING)}[name]
    return calendar.at_wall(today + timedelta(days=days), at, zone)


def offered(names: Iterable[str], *, now: datetime, zone: ZoneInfo) -> list[Offer]:
    """List those that lie ahead, each moment once: no evening once it is there, no Monday that is tomorrow."""
    offers: dict[datetime, Offer] = {}
    for name in names:
        at = moment_of(name, now=now, zone=zone)
        if at > now:
            offers.setdefault(at, Offer(name, str(LABELS[name]), at))
    return list(offers.values())
