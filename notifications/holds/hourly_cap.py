"""Cap of what comes to a person one by one over a channel within an hour. Pure: no database, no clock.

The hour begins with the first that comes. What is more than the cap waits for its end, and comes as one summary then,
which has its place in the next hour. An inbox keeps the hours as JSON: channel -> end in seconds since 1970, and how
many came, with those that wait.
"""

import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime

HOUR = 3600.0


# In a crowd most have come by the same: that is worked out once.
@functools.lru_cache(maxsize=4096)
def add(hours: str, *, channel: str, most: int, now: float) -> tuple[str, datetime | None]:
    """Count one more, in the hour that runs or in a new one; and until when it waits, None: it goes at once."""
    known = _read(hours)
    end, came = known.get(channel, (0.0, 0))
    # A clock that was set back, by more than that of two processes may differ, begins anew: nobody waits for days.
    if not 0 < end - now < 2 * HOUR:
        end, came = now + HOUR, int(came > most and -HOUR < end - now <= 0)
    added = json.dumps(known | {channel: (end, came + 1)})
    return added, datetime.fromtimestamp(end, UTC) if came >= most else None


def waits_until(hours: str, caps: Mapping[str, int], *, now: float) -> datetime | None:
    """Return the end of the first hour that runs and took more than its cap; None: there is none."""
    full = [end for channel, (end, came) in _read(hours).items() if came > caps.get(channel, came) and end > now]
    return datetime.fromtimestamp(min(full), UTC) if full else None


def _read(hours: str) -> dict[str, tuple[float, int]]:
    return json.loads(hours) if hours else {}
