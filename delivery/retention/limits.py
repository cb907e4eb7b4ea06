"""Bounds of a run of pruning: how far its walks go."""

from dataclasses import dataclass, replace
from datetime import datetime

from events.dispatch import watermarks
from events.models import Event
from notifications.routing import router

# Events are made nearly in the order of their positions and ids: among so many the last of an age is found.
NEARLY = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one walk: of what is older than `before`, events up to `position` and what points to them may go.
    `last_event`: no event of that age has a larger id."""

    before: datetime
    position: int
    last_event: int


def by_age(before: datetime) -> Limits:
    """Set the bounds that the age alone sets. One query."""
    newest = Event.objects.filter(created_at__lt=before).order_by("-created_at")
    rows = list(newest.values_list("position", "pk")[:NEARLY])
    position, last_event = max((row[0] or 0 for row in rows), default=0), max((row[1] for row in rows), default=0)
    return Limits(before, position, last_event)


def routed(before: datetime, *, is_final: bool = False) -> Limits:
    """Set them no further than the router has read, paused or not. If this is final, it can't be moved back over what
    is about to go, as it would tell people again."""
    limits = by_age(before)
    position = watermarks.raise_earliest if is_final else watermarks.position_of
    return replace(limits, position=position(router.NAME, at=limits.position))
