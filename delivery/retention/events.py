"""Events that nothing points to any more; what a paused subscriber loses of them is recorded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from delivery.retention import rules
from delivery.retention.archive import Archive
from delivery.retention.deliveries import Row
from delivery.retention.rules import EventLimits
from delivery.retention.step import Archived, Candidate, Gone, Key, Place, RetentionStep
from events.db.rows import delete_rows
from events.dispatch import watermarks
from events.models import Event, EventType
from notifications.models import Notification

# Payloads may be large: so many at a time are in memory while they are archived.
CHUNK = 100


class Events(RetentionStep):
    model = Event
    key: ClassVar[Key] = ("position",)

    def __init__(self, limits: EventLimits) -> None:
        self._limits = limits

    def rows(self, after: Place, *, limit: int) -> QuerySet[Any]:
        return Event.objects.filter(rules.event_is_past(self._limits))

    def may_go(self) -> Q:
        return rules.event_may_go(self._limits, pointing=Notification.objects.all())

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        archive.keep(self.table, _whole(ids), made="created_at")
        return {}

    def delete(self, batch: Sequence[Candidate], *, archived: Archived | None) -> Gone:
        """Take events and record the gaps of paused subscribers. An event never changes: `archived` isn't asked."""
        # Before it is asked how far the running ones have read: one that is resumed meanwhile is among these or those.
        paused = watermarks.lock_paused(below=self._limits.at_most)
        may_go = Event.objects.filter(self.may_go(), pk__in_set=[row.pk for row in batch])
        free = dict(may_go.select_for_update(skip_locked=True).order_by().values_list("pk", "position"))
        gone = delete_rows(self.table, values=free)
        watermarks.record(paused, positions=[position for position in free.values() if position is not None])
        return Counter({self.table: gone})


def _whole(ids: Sequence[int]) -> Iterator[Row]:
    """Read events, each with the name of its type: types may be renamed or go."""
    names = dict(EventType.objects.values_list("pk", "name"))
    for row in Event.objects.filter(pk__in_set=ids).order_by("position").values().iterator(chunk_size=CHUNK):
        yield row | {"event_type": names[row["event_type_id"]]}
