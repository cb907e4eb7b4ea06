"""Cap of what comes to a person one by one over a channel within an hour. Pure: no database, no clock.

The hour begins with the first that comes. What is more than the cap waits for its end, and comes as one summary then,
which has its place in the next hour.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

HOUR = timedelta(hours=1)


class Hour(NamedTuple):
    """An hour of one person on one channel: its end, in seconds since 1970, and how many came, with those that wait."""

    end: float
    number: int


# channel -> hour, as an inbox keeps them: JSON.
Hours = dict[str, Hour]


def add(hour: Hour | None, *, most: int, now: datetime) -> tuple[Hour, datetime | None]:
    """Count one more, in the hour that runs or in a new one; and until when it waits, None: it goes at once."""
    ends, came = hour or (0.0, 0)
    left, whole = ends - now.timestamp(), HOUR.total_seconds()
    # A clock that was set back, by more than that of two processes may differ, begins anew: nobody waits for days.
    if not 0 < left < 2 * whole:
        ends, came = (now + HOUR).timestamp(), int(came > most and -whole < left <= 0)
    added = Hour(ends, came + 1)
    return added, waits_until({"": added}, {"": most}, now=now)


def waits_until(hours: Hours, caps: Mapping[str, int], *, now: datetime) -> datetime | None:
    """Return the end of the first hour that runs and took more than its cap; None: there is none."""
    full = [end for channel, (end, came) in hours.items() if came > caps.get(channel, came) and end > now.timestamp()]
    return datetime.fromtimestamp(min(full), UTC) if full else None


def read(stored: Mapping[str, tuple[float, int]] | None) -> Hours:
    return {channel: Hour(*hour) for channel, hour in (stored or {}).items()}
