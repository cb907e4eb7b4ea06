"""Ladders: channel -> minutes after which it speaks of what is still unread in the feed then, or never. Pure.

A channel that isn't named says nothing, so another ladder may: that of a preference comes before that of its person,
which comes before that of the type.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

NEVER = "never"
Step = int | str
STEPS: tuple[Step, ...] = (0, 5, 15, 60, NEVER)
# As a value that may be a key.
Ladder = tuple[tuple[str, Step], ...]


def readable(ladder: Any) -> Ladder:
    """Read as much of a ladder as can be: other programs write them too, and stop nobody's notification."""
    pairs = ladder.items() if isinstance(ladder, dict) else ()
    return tuple(sorted((name, step) for name, step in pairs if is_step(step)))


def merged(*ladders: Ladder, is_critical: bool, kept: Collection[str] = ()) -> Mapping[str, Step]:
    """Merge ladders, of which the later ones count more. What is critical goes at once on every channel.

    `kept`: channels of a locked type, which may wait but can't be silent.
    """
    steps = {} if is_critical else dict(pair for ladder in ladders for pair in ladder)
    return {name: step for name, step in steps.items() if step != NEVER or name not in kept}


def waits(steps: Mapping[str, Step], channels: Sequence[str], *, now: float) -> dict[str, datetime]:
    """Map those of the channels that wait to the ends of their waiting; `now` in seconds since 1970.

    Where nothing is in the feed, nothing can be waited for.
    """
    minutes = {name: step for name in channels if isinstance(step := steps.get(name), int) and step}
    begun = datetime.fromtimestamp(now, UTC)
    return {name: begun + timedelta(minutes=n) for name, n in minutes.items()} if "in_app" in channels else {}


def is_step(step: Any) -> bool:
    return type(step) in (int, str) and step in STEPS
