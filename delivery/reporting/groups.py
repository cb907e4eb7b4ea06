"""Groups of deliveries: what one event, one summary or one test sent to a person's addresses."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from delivery.models import Delivery
from delivery.reporting import history
from events.db.session import joined_by_index
from events.db.union import union
from events.models import Event
from events.rules import moments
from notifications.models import Notification
from notifications.presentation import access

# A type with no more events than this is found by these, whatever its person got beside.
COMMON = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Deliveries that are asked for. No `states`: any; `span`: from when to before when.

    `event_type_id`: a number, by which a database knows how rare it is, as it can't by a joined name; 0: of no type.
    """

    states: Collection[str] = ()
    address_id: int | None = None
    event_type_id: int | None = None
    span: tuple[datetime, datetime] | None = None

    def condition(self) -> Q:
        # Each state by its name: with the address it leads into the index by day.
        names = Delivery.State.values if self.span and not self.states else self.states
        condition = Q(state__in=names) if names else Q()
        if self.address_id is not None:
            condition &= Q(address_id=self.address_id)
        return condition & self._of_type("notification__") & self._in_span()

    def held(self, user_id: int) -> QuerySet[Notification]:
        return history.held(user_id).filter(self._of_type(""), self._in_span())

    def failed(self, address_ids: Collection[int]) -> QuerySet[Delivery]:
        """Query what failed at these addresses and can be sent again, the newest first."""
        return history.dead(address_ids).filter(replace(self, states=()).condition()).order_by("-id")

    def _of_type(self, row: str) -> Q:
        return Q() if self.event_type_id is None else Q(**{f"{row}event__event_type_id": self.event_type_id})

    def _in_span(self) -> Q:
        return Q(created_at__gte=self.span[0], created_at__lt=self.span[1]) if self.span else Q()


class Head(NamedTuple):
    """Place of a group in the list: its last delivery, or 0 where all of it is held."""

    last: int
    event_id: int | None
    summary_id: int | None = None


@dataclass(slots=True)
class Group:
    """Group with what is shown of it: `at` is when it came to its place. Tests have neither `event` nor a summary."""

    head: Head
    at: datetime
    event: Event | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    held: list[Notification] = field(default_factory=list)


def heads(user_id: int, wanted: Wanted, *, address_ids: Collection[int], before: int | None, limit: int) -> list[Head]:
    """List the newest groups whose last delivery is below `before`. One query, which reads `limit` rows an address,
    and all of it where a type is asked for that is rare there."""
    condition = wanted.condition()
    # The order of the index by address: by their ids alone, all deliveries might be walked to find these.
    found = Delivery.objects.filter(replace(wanted, address_id=None).condition()).order_by("address_id", "-id")
    if before is not None:
        # What was delivered once more since is further up. Counted, and asked whether it is there: as an anti-join, or
        # by its highest id, a database would read all that is there before it gives the first.
        above = Delivery.objects.filter(condition, pk__gte=before).order_by()
        events = above.filter(
            notification__user_id=user_id, notification__event_id=OuterRef("notification__event_id")
        ).values("notification__event_id")
        summaries = above.filter(summary_id=OuterRef("summary_id")).values("summary_id")
        counts = [Subquery(rows.annotate(count=Count("pk")).values("count")) for rows in (events, summaries)]
        is_last = Case(When(Exact(Coalesce(*counts, 0), 0), then=1))
        found = found.filter(pk__lt=before).annotate(is_last=is_last).filter(is_last__isnull=False)
    named = found.values_list("pk", "notification__event_id", "summary_id")
    chosen = [pk for pk in address_ids if wanted.address_id in (None, pk)]
    # A range of one keeps the order's first column, which a database would leave out as the same everywhere.
    ranges = [named.filter(address_id__gte=pk, address_id__lte=pk)[:limit] for pk in chosen]
    with joined_by_index() if _is_common(wanted.event_type_id) else nullcontext():
        rows = sorted(union(ranges), reverse=True)
    newest: dict[tuple[int, int], Head] = {}
    for last, event_id, summary_id in rows:
        key = (event_id or 0, summary_id or 0)
        newest.setdefault(key if any(key) else (0, -last), Head(last, event_id, summary_id))
    return list(newest.values())[:limit]


def _is_common(event_type_id: int | None) -> bool:
    """Tell whether one person's deliveries are walked rather than all events of the type. One query, for a type."""
    if event_type_id is None:
        return False
    return Event.objects.filter(event_type_id=event_type_id).order_by()[COMMON : COMMON + 1].exists()


def held_heads(user_id: int, wanted: Wanted, *, with_deliveries: bool, before: int | None, limit: int) -> list[Head]:
    """List the newest events with something held below `before`. One query.

    `with_deliveries`: also those of which something has gone to another address.
    """
    rows = wanted.held(user_id).order_by("-event_id")
    if before is not None:
        rows = rows.filter(event_id__lt=before)
    if not with_deliveries:
        gone = Delivery.objects.filter(
            wanted.condition(), notification__event_id=OuterRef("event_id"), notification__user_id=user_id
        )
        rows = rows.filter(~Exists(gone))
    return [Head(0, event_id) for event_id in rows.values_list("event_id", flat=True).distinct()[:limit]]


def load(user_id: int, wanted: Wanted, heads: Sequence[Head], *, with_held: bool) -> list[Group]:
    """Load the groups in the order of their heads. Three queries. Text that its person may not see is taken out."""
    event_ids = {head.event_id for head in heads if head.event_id is not None}
    theirs = Notification.objects.filter(user_id=user_id, event_id__in_set=event_ids).exclude(channel="in_app")
    notifications = access.seen(theirs.with_events().order_by("id"))
    events = {row.event_id: row.event for row in notifications}
    event_of = {row.pk: row.event_id for row in notifications}
    groups = {head[1:] if any(head[1:]) else head: Group(head, moments.EARLIEST) for head in heads}
    for one in _deliveries(wanted, heads, notification_ids=event_of):
        key = (event_of.get(one.notification_id or 0), one.summary_id)
        group = groups[key if any(key) else Head(one.pk, None)]
        group.deliveries.append(one)
        group.at = one.created_at
    for row in notifications if with_held else ():
        if row.summary_id is None and not row.is_read and row.hold != "none":
            group = groups[(row.event_id, None)]
            group.held.append(row)
            group.at = row.created_at if not group.deliveries else group.at
    for group in groups.values():
        group.event = events.get(group.head.event_id or 0)
    return [group for group in groups.values() if group.deliveries or group.held]


def _deliveries(wanted: Wanted, heads: Sequence[Head], *, notification_ids: Collection[int]) -> list[Delivery]:
    single = [head.last for head in heads if not any(head[1:])]
    summary_ids = [head.summary_id for head in heads if head.summary_id is not None]
    its = Q(notification__in_set=list(notification_ids)) | Q(summary__in_set=summary_ids) | Q(pk__in_set=single)
    rows = Delivery.objects.filter(its, wanted.condition()).select_related("address__server", "summary")
    return list(rows.prefetch_related(history.attempts()).defer("body").order_by("id"))
