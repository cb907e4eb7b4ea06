"""Tables that are pruned: what of each may go, and what goes along."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from delivery.models import Attempt, Delivery
from delivery.retention.archive import Archive, Row
from delivery.retention.limits import Limits
from delivery.retention.step import Archived, Gone, RetentionStep
from events.db.rows import delete_rows
from events.dispatch import watermarks
from events.entities import BIGINT_MAX
from events.models import Event, EventType, ParkedEvent
from notifications.inbox import removal
from notifications.inbox.removal import Removed
from notifications.models import (
    COUNTED,
    Escalation,
    Fanout,
    Hold,
    Mute,
    Notification,
    ReadingBatch,
    Summary,
    is_counted,
)

# The bytes that were sent can be large, and say what the event and the row say.
_UNKEPT = ("body", "claim_token", "lease_until")
DELIVERY_COLUMNS = [field.attname for field in Delivery._meta.concrete_fields if field.name not in _UNKEPT]
# Rows that keep the events to which they point.
Pointing = tuple[QuerySet[Notification], QuerySet[Delivery]]
# Payloads may be large: so many at a time are in memory while they are archived.
CHUNK = 100


class Carried(NamedTuple):
    """Row of a person with its deliveries."""

    row: Row
    deliveries: list[Row]


class FeedStep(RetentionStep):
    """Rows of people, which go with their deliveries under the locks of their inboxes.

    `needed`: columns that `removed` asks. Where nothing is archived no others are read, which halves the time.
    """

    needed: ClassVar[tuple[str, ...]]

    @abstractmethod
    def removed(self, row: Row) -> Removed | None:
        """Tell what the feed of its person loses with a row, if it shows it."""

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        found = self._carried(self.rows.filter(pk__in_set=ids).order_by("pk").values(), Delivery.objects.all())
        archive.keep(self.table, [one.row for one in found.values()], made="created_at")
        _archive_deliveries(_deliveries(found.values()), archive)
        return found

    def delete(self, ids: Sequence[int], *, archived: Archived | None) -> Gone:
        """Delete rows with their deliveries, and correct the inboxes.

        Left out are people whom somebody else is busy with, and rows with a delivery that is on its way again.
        """
        people = set(self.rows.filter(pk__in_set=ids).values_list("user_id", flat=True))
        # Whoever opens a delivery has the inbox of its person: none is opened until the commit.
        free = self.lock(ids).filter(user_id__in_set=removal.lock(people))
        rows = free.values(*self.needed) if archived is None else free.values()
        going = {
            pk: one
            for pk, one in self._carried(rows, Delivery.objects.select_for_update()).items()
            if not any(delivery["state"] in Delivery.UNSETTLED for delivery in one.deliveries)
            and (archived is None or archived.get(pk) == one)
        }
        gone = _delete_deliveries([delivery["id"] for delivery in _deliveries(going.values())])
        gone[self.table] = delete_rows(self.table, values=going)
        removal.leave([removed for one in going.values() if (removed := self.removed(one.row))])
        return gone

    def _carried(self, rows: QuerySet[Any], deliveries: QuerySet[Delivery]) -> dict[int, Carried]:
        """Read rows, each with its own of these deliveries; two queries."""
        parent = self.model._meta.model_name
        found = {row["id"]: Carried(row, []) for row in rows}
        theirs = deliveries.filter(**{f"{parent}__in_set": list(found)}).order_by("pk")
        for delivery in theirs.values(*DELIVERY_COLUMNS):
            found[delivery[f"{parent}_id"]].deliveries.append(delivery)
        return found


class Notifications(FeedStep):
    """Notifications in the order of their events: those of young events are never read. `among`: of which events."""

    model = Notification
    key = ("event_id", "user_id", "channel")
    start = (0, 0, "")
    needed = ("id", "user_id", *COUNTED)

    def __init__(self, limits: Limits, *, among: Q | None = None) -> None:
        super().__init__(limits)
        self._among = among or Q()

    def old(self, after: tuple[int | str, ...], *, limit: int) -> QuerySet[Any]:
        return self.rows.filter(event__lte=self.limits.last_event)

    def may_go(self) -> Q:
        """Old ones that are given out and not snoozed, with nothing on its way, their event old, routed and told to
        all."""
        is_past = self._among & Q(created_at__lt=self.limits.before, position__lte=self.limits.position)
        return Q(
            Exists(Event.objects.filter(is_past, pk=OuterRef("event"))),
            ~Exists(Delivery.objects.filter(notification=OuterRef("pk"), state__in=Delivery.UNSETTLED)),
            ~Exists(Fanout.objects.filter(event=OuterRef("event"))),
            created_at__lt=self.limits.before,
            hold=Hold.NONE,
            snoozed_until=None,
        )

    def removed(self, row: Row) -> Removed | None:
        return Removed(row["user_id"], row["id"], unread=is_counted(row)) if row["channel"] == "in_app" else None


class Summaries(FeedStep):
    """Summaries to which none of the notifications `pointing` belongs any more."""

    model = Summary
    needed = ("id", "user_id", "seq")

    def __init__(self, limits: Limits, *, pointing: QuerySet[Notification]) -> None:
        super().__init__(limits)
        self._pointing = pointing

    def may_go(self) -> Q:
        return Q(
            ~Exists(Delivery.objects.filter(summary=OuterRef("pk"), state__in=Delivery.UNSETTLED)),
            ~Exists(self._pointing.filter(summary=OuterRef("pk"))),
            created_at__lt=self.limits.before,
        )

    def removed(self, row: Row) -> Removed | None:
        """Have the feed fetched anew above which it stood. One with a seq of 0 was never shown in the app."""
        return Removed(row["user_id"], None, unread=0) if row["seq"] else None


class LoneDeliveries(RetentionStep):
    """Deliveries of tests and confirmations, and of events to destinations: they belong to no row of a person."""

    model = Delivery

    def may_go(self) -> Q:
        is_settled = ~Q(state__in=Delivery.UNSETTLED)
        return Q(is_settled, notification=None, summary=None, created_at__lt=self.limits.before)

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        rows = self.rows.filter(pk__in_set=ids).order_by("pk").values(*DELIVERY_COLUMNS)
        _archive_deliveries(list(rows), archive)
        return {row["id"]: row for row in rows}

    def delete(self, ids: Sequence[int], *, archived: Archived | None) -> Gone:
        free = self.lock(ids).values(*DELIVERY_COLUMNS)
        return _delete_deliveries([row["id"] for row in free if archived is None or archived.get(row["id"]) == row])


class ReadingBatches(RetentionStep):
    """Readings that can't be undone any more. What they read says itself when it was read: nothing is archived."""

    model = ReadingBatch

    def may_go(self) -> Q:
        return Q(created_at__lt=self.limits.before)


class Mutes(RetentionStep):
    """Mutes that have ended by themselves: at `before`."""

    model = Mute

    def old(self, after: tuple[int | str, ...], *, limit: int) -> QuerySet[Any]:
        return self.rows.filter(self.may_go())

    def may_go(self) -> Q:
        return Q(until__lte=self.limits.before)


class Events(RetentionStep):
    """Events to which none of the rows `pointing` nor anything else points any more; `among`: of which.

    What a paused subscriber loses of them is recorded.
    """

    model = Event
    key = ("position",)
    # What was imported stands before the log's beginning.
    start = (-BIGINT_MAX,)

    def __init__(self, limits: Limits, *, pointing: Pointing, among: Q) -> None:
        super().__init__(limits)
        self._pointing, self._among = pointing, among

    def old(self, after: tuple[int | str, ...], *, limit: int) -> QuerySet[Any]:
        return self.rows.filter(self.is_past())

    def is_past(self) -> Q:
        """Old ones that every running subscriber has read. One query, for the subscribers."""
        position = watermarks.lowest_position(at_most=self.limits.position)
        return self._among & Q(position__lte=position, created_at__lt=self.limits.before)

    def may_go(self) -> Q:
        return self.is_past() & Q(
            *(~Exists(rows.filter(event=OuterRef("pk"))) for rows in self._pointing),
            ~Exists(Fanout.objects.filter(event=OuterRef("pk"))),
            ~Exists(ParkedEvent.objects.filter(event=OuterRef("pk"))),
        )

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        """Keep them, each with the name of its type: types may be renamed or go."""
        names = dict(EventType.objects.values_list("pk", "name"))
        rows = self.rows.filter(pk__in_set=ids).order_by("position").values().iterator(chunk_size=CHUNK)
        archive.keep(self.table, (row | {"event_type": names[row["event_type_id"]]} for row in rows), made="created_at")
        return {}

    def delete(self, ids: Sequence[int], *, archived: Archived | None) -> Gone:
        """Delete events and record the gaps of paused subscribers. An event never changes: `archived` isn't asked."""
        # Before it is asked how far the running ones have read: one that is resumed meanwhile is among these or those.
        paused = watermarks.lock_paused(below=self.limits.position)
        free = dict(self.lock(ids).values_list("pk", "position"))
        watermarks.record(paused, positions=list(free.values()))
        delete_rows(Escalation._meta.db_table, key="event_id", values=free)
        return Counter({self.table: delete_rows(self.table, values=free)})


def _deliveries(carried: Iterable[Carried]) -> list[Row]:
    return [delivery for one in carried for delivery in one.deliveries]


def _archive_deliveries(rows: Sequence[Row], archive: Archive) -> None:
    archive.keep(Delivery._meta.db_table, rows, made="created_at")
    attempts = Attempt.objects.filter(delivery_id__in_set=[row["id"] for row in rows]).order_by("pk")
    archive.keep(Attempt._meta.db_table, attempts.values(), made="started_at")


def _delete_deliveries(ids: Sequence[int]) -> Gone:
    """Delete deliveries, which the caller has locked, with their attempts. No query for none."""
    attempts = delete_rows(Attempt._meta.db_table, key="delivery_id", values=ids)
    deliveries = delete_rows(Delivery._meta.db_table, values=ids)
    return Counter({Attempt._meta.db_table: attempts, Delivery._meta.db_table: deliveries})
