"""Notifications and summaries: a person's rows, which go with their deliveries under the lock of the inbox.

The archive is written before anything is locked, so that no lock ever waits for a disk.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from django.db.models import Q, QuerySet

from delivery.models import Delivery
from delivery.retention import deliveries, rules
from delivery.retention.archive import Archive
from delivery.retention.deliveries import Row
from delivery.retention.rules import Limits
from delivery.retention.step import Archived, Candidate, Gone, Key, Place, RetentionStep, oldest
from events.db.rows import delete_rows
from notifications.inbox import removal
from notifications.inbox.removal import Removed
from notifications.models import Notification, Summary


class Carried(NamedTuple):
    row: Row
    deliveries: list[Row]


class InboxStep(RetentionStep):
    """Rows of people with their deliveries. `parent`: the name of such a row in a delivery; `needed`: columns that tell
    what its inbox loses."""

    owner = "user_id"
    parent: ClassVar[str]
    needed: ClassVar[tuple[str, ...]]

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    @abstractmethod
    def removed(self, rows: Iterable[Row]) -> dict[int, Removed]:
        """Tell by person what these rows took from their feed."""

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        found = self._read(self.model._default_manager.all(), Delivery.objects.all(), ids=ids)
        archive.keep(self.table, (carried.row for carried in found.values()), made="created_at")
        deliveries.keep(_deliveries(found.values()), archive=archive)
        return found

    def delete(self, batch: Sequence[Candidate], *, archived: Archived | None) -> Gone:
        """Take rows with their deliveries, and correct the inboxes.

        Left out are people whom somebody else is busy with, and rows with a delivery that is on its way again.
        """
        # Whoever opens a delivery has the inbox of its person: none is opened until the commit.
        people = removal.lock({row.user_id for row in batch if row.user_id is not None})
        free = self.model._default_manager.filter(self.may_go(), user_id__in_set=people)
        found = self._read(
            free.select_for_update(skip_locked=True),
            Delivery.objects.select_for_update(),
            ids=[row.pk for row in batch],
            columns=self.needed if archived is None else (),
        )
        going = {
            pk: carried
            for pk, carried in found.items()
            if not any(one["state"] in rules.UNSETTLED for one in carried.deliveries)
            and (archived is None or archived.get(pk) == carried)
        }
        gone = deliveries.delete([one["id"] for one in _deliveries(going.values())])
        gone[self.table] = delete_rows(self.table, values=going)
        removal.leave(self.removed(carried.row for carried in going.values()))
        return gone

    def _read(
        self, rows: QuerySet[Any], sent: QuerySet[Delivery], *, ids: Sequence[int], columns: Sequence[str] = ()
    ) -> dict[int, Carried]:
        """Read rows, each with its deliveries; two queries. `columns` of the rows, all if none is named."""
        found = {row["id"]: Carried(row, []) for row in rows.filter(pk__in_set=ids).order_by("pk").values(*columns)}
        theirs = sent.filter(**{f"{self.parent}__in_set": list(found)}).order_by("pk")
        for one in theirs.values(*deliveries.COLUMNS):
            found[one[f"{self.parent}_id"]].deliveries.append(one)
        return found


class Notifications(InboxStep):
    """Notifications in the order of their events: those of young events are never read."""

    model = Notification
    key: ClassVar[Key] = ("event_id", "user_id", "channel")
    start: ClassVar[Place] = (0, 0, "")
    parent = "notification"
    needed = ("id", "user_id", "channel", "is_read")

    def rows(self, after: Place, *, limit: int) -> QuerySet[Any]:
        return Notification.objects.filter(event__lte=self.limits.last_event)

    def may_go(self) -> Q:
        return rules.row_may_go(self.limits)

    def removed(self, rows: Iterable[Row]) -> dict[int, Removed]:
        shown: defaultdict[int, list[Row]] = defaultdict(list)
        for row in rows:
            if row["channel"] == "in_app":
                shown[row["user_id"]].append(row)
        return {
            user: Removed(unread=sum(not row["is_read"] for row in theirs), ids=[row["id"] for row in theirs])
            for user, theirs in shown.items()
        }


class Summaries(InboxStep):
    """Summaries to which no row belongs any more."""

    model = Summary
    parent = "summary"
    needed = ("id", "user_id", "seq")

    def rows(self, after: Place, *, limit: int) -> QuerySet[Any]:
        return oldest(Summary, after=after, before=self.limits.cutoff, limit=limit)

    def may_go(self) -> Q:
        return rules.summary_may_go(self.limits, pointing=Notification.objects.all())

    def removed(self, rows: Iterable[Row]) -> dict[int, Removed]:
        """Have feeds fetched anew above which a summary stood. One with a seq of 0 was never shown in the app."""
        return {row["user_id"]: Removed(unread=0, ids=None) for row in rows if row["seq"]}


def _deliveries(found: Iterable[Carried]) -> list[Row]:
    return [one for carried in found for one in carried.deliveries]
