"""Validation of each value of a preference or a setting, wherever it comes from."""

import functools
import re
import zoneinfo
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from events.db.clock import instant
from events.errors import PreferenceRefused, shown
from events.rules import audience, channel_names, moments
from notifications.models import NotificationPreference, UserNotificationSettings

SCOPES = tuple(NotificationPreference.Scope.values)
INTERVALS = tuple(UserNotificationSettings.Interval.values)
MAX_WINDOWS = 14
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@functools.cache
def timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"})


def check_setting(field: str, *, value: Any, now: datetime) -> None:
    """Raise PreferenceRefused, or MomentRefused, unless there is such a setting and it can have this value."""
    check = _SETTINGS.get(field)
    if check is None:
        raise _refuse(field, f"is no setting; there are {', '.join(_SETTINGS)}", code="unknown_field")
    check(field, value, now)


def check_scope(scope: str) -> None:
    """Raise PreferenceRefused unless the scope is known."""
    if scope not in SCOPES:
        raise _refuse("scope", f"{shown(scope)} is not known; accepted are {', '.join(SCOPES)}", code="unknown_scope")


def checked_channels(channels: Sequence[str], *, field: str) -> list[str]:
    """List of the names. Raises PreferenceRefused unless they are known and each is there once."""
    for name in channels:
        if name not in channel_names.known():
            raise PreferenceRefused(
                f"channel {shown(name)} is not known; accepted are {', '.join(channel_names.known())}",
                code="unknown_channel",
                field=field,
            )
    if len(set(channels)) != len(channels):
        raise PreferenceRefused("a channel is named twice; name each once", code="repeated", field=field)
    return list(channels)


def check_ladder(ladder: Any, *, field: str) -> None:
    """Raise PreferenceRefused unless it says of channels when they may speak."""
    try:
        audience.check_ladder(ladder)
    except ValueError as error:
        raise PreferenceRefused(str(error), code="invalid_ladder", field=field) from error


def _refuse(field: str, detail: str, *, code: str) -> PreferenceRefused:
    return PreferenceRefused(f"{field} {detail}", code=code, field=field)


def _check_switch(field: str, value: Any, _now: datetime) -> None:
    if not isinstance(value, bool):
        raise _refuse(field, f"is {shown(value)}; it must be true or false", code="invalid")


def _check_end(field: str, value: Any, now: datetime) -> None:
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _refuse(field, "must be a time with an offset, or nothing for no end", code="invalid")
    if moments.checked(value, field=field) <= now:
        raise _refuse(field, f"is {instant(value)}, which is not in the future", code="in_the_past")


def _check_interval(field: str, value: Any, _now: datetime) -> None:
    if value not in INTERVALS:
        raise _refuse(field, f"is {shown(value)}; accepted are {', '.join(INTERVALS)}", code="unknown_interval")


def _check_zone(field: str, value: Any, _now: datetime) -> None:
    if not isinstance(value, str) or value not in timezones():
        detail = f"{shown(value)} isn't a time zone. Choose one from the list, for example Europe/Paris."
        raise PreferenceRefused(detail, code="unknown_timezone", field=field)


def _check_channels(field: str, value: Any, _now: datetime) -> None:
    checked_channels(value, field=field)


def _within(least: int, most: int) -> Callable[[str, Any, datetime], None]:
    def check(field: str, value: Any, _now: datetime) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _refuse(
                field, f"is {shown(value)}; accepted are whole numbers from {least} to {most}", code="invalid"
            )

    return check


def _check_quiet_hours(field: str, value: Any, _now: datetime) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_WINDOWS:
        raise _refuse(field, f"must be a list of at most {MAX_WINDOWS} windows", code="invalid_quiet_hours")
    for number, window in enumerate(value):
        problem = problem_of_window(window)
        if problem:
            raise PreferenceRefused(problem, code="invalid_quiet_hours", field=f"{field}[{number}]")


def problem_of_window(window: Any) -> str | None:
    """Reason why this is no window of quiet hours; None: it is one."""
    if not isinstance(window, dict) or set(window) != {"days", "start", "end"}:
        return "a window has exactly days, start and end"
    days, times = window["days"], [window["start"], window["end"]]
    if not isinstance(days, list) or not days or any(type(day) is not int or not 0 <= day <= 6 for day in days):
        return "days must be a list of numbers from 0 (Monday) to 6"
    if len(set(days)) != len(days):
        return "a day is named twice; name each once"
    if not all(isinstance(time, str) and _TIME.fullmatch(time) for time in times):
        return "start and end must be times of day as in 22:00"
    return "start and end are the same; for a whole day use 00:00 to 23:59" if times[0] == times[1] else None


_SETTINGS: dict[str, Callable[[str, Any, datetime], None]] = {
    "dnd_enabled": _check_switch,
    "dnd_until": _check_end,
    "digest_enabled": _check_switch,
    "digest_interval": _check_interval,
    "digest_hour": _within(0, 23),
    "digest_weekday": _within(0, 6),
    "digest_channels": _check_channels,
    "timezone": _check_zone,
    "quiet_hours": _check_quiet_hours,
    "ladder": lambda field, value, _now: check_ladder(value, field=field),
}
