"""Caps of what comes to a person one by one: over a channel within an hour, of a type within a minute. Pure: no
database, no clock.

The span begins with the first that comes. What is more than the cap comes as one at its end (as one row of the feed
meanwhile), which has its place in the next span. An inbox keeps the spans as JSON: name -> end in seconds since 1970,
and how many came, with those that wait.
"""

import functools
import json
from datetime import UTC, datetime

HOUR = 3600.0


# In a crowd most have come by the same: that is worked out once.
@functools.lru_cache(maxsize=4096)
def add(hours: str, *, name: str, most: int, now: float, span: float = HOUR) -> tuple[str, datetime | None]:
    """Count one more, in the span that runs or in a new one; and its end where it is more than the cap, else None."""
    known = _read(hours)
    end, came = known.get(name, (0.0, 0))
    # A clock that was set back, by more than that of two processes may differ, begins anew: nobody waits for days.
    if not 0 < end - now < 2 * span:
        end, came = now + span, int(came > most and -span < end - now <= 0)
        known = {other: value for other, value in known.items() if value[0] > now - HOUR}
    added = json.dumps(known | {name: (end, came + 1)})
    return added, datetime.fromtimestamp(end, UTC) if came >= most else None


def is_over(hours: str, *, name: str, most: int, now: float) -> bool:
    """Tell whether a span runs in which more came than the cap."""
    end, came = _read(hours).get(name, (0.0, 0))
    return came > most and end > now


def _read(hours: str) -> dict[str, tuple[float, int]]:
    return json.loads(hours) if hours else {}
