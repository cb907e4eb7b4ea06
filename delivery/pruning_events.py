"""Takes events that nothing points to any more, a batch at a time; what a paused subscriber loses is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q

from delivery import prunable
from delivery.archiving import Archive
from delivery.pacing import Pace
from delivery.prunable import EventLimits
from delivery.pruning_rows import Gone, delete
from delivery.pruning_windows import WINDOW
from events import gaps, sets
from events.models import Event, EventType
from notifications.models import Notification

# Payloads may be large: so many at a time are in memory while they are archived.
CHUNK = 100


def following(limits: EventLimits, *, after: int) -> list[tuple[int, int]]:
    """The next that may go after this position, many batches of them: (position, id). Walks one index, takes no lock.
    Two queries."""
    found = Event.objects.filter(_may_go(limits), position__gt=after).order_by("position")
    return [(position or 0, pk) for position, pk in found.values_list("position", "pk")[:WINDOW]]


def take(limits: EventLimits, events: Sequence[tuple[int, int]], *, archive: Archive | None, pace: Pace) -> Gone:
    """These, in one short transaction; what really went. Constant queries. Raises OperationalError where a lock can't
    be had."""
    ids = sets.Once(pk for _, pk in events)
    if archive:
        archive.keep(Event._meta.db_table, _whole(ids), made="created_at")
    with pace.transaction():
        paused = gaps.lock_paused(below=events[-1][0])
        free = Event.objects.select_for_update(skip_locked=True).filter(_may_go(limits), pk__in_set=ids)
        going = {position or 0: pk for position, pk in free.values_list("position", "pk")}
        gaps.record(paused, positions=list(going))
        return Counter({"events": delete(Event._meta.db_table, "id", going.values())})


def _may_go(limits: EventLimits) -> Q:
    return prunable.event_may_go(limits, pointing=Notification.objects.all())


def _whole(ids: sets.Once) -> Iterator[dict[str, Any]]:
    """The rows, each with the name of its type: types may be renamed or go."""
    names = dict(EventType.objects.values_list("pk", "name"))
    for row in Event.objects.filter(pk__in_set=ids).order_by("position").values().iterator(chunk_size=CHUNK):
        yield row | {"event_type": names[row["event_type_id"]]}
