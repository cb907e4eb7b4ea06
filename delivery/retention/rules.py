"""What retention may take, said once: for the batches that take it and for the count that only looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from delivery.models import Delivery
from events.dispatch import watermarks
from events.models import Event, EventType, ParkedEvent
from notifications.models import Fanout, Hold, Notification
from notifications.routing import router

UNSETTLED = (Delivery.State.PENDING, Delivery.State.SENDING)
SUPERSEDED_AFTER = timedelta(days=1)


# Events are made nearly in the order of their positions and ids: among so many the last of an age is found.
NEARLY = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one run goes: what is older than `cutoff` may go.

    `told_to`: up to this position rows may go; the router never reads these events again, so tells nobody twice.
    `last_event`: no event that is old enough has a larger id, so a walk ends there.
    """

    cutoff: datetime
    told_to: int
    last_event: int


@dataclass(frozen=True, slots=True)
class EventLimits:
    """The same for events, up to the position `at_most`. `types`: only of these; None: of all."""

    before: datetime
    at_most: int
    types: tuple[int, ...] | None = None


def limits(*, now: datetime, days: int, is_dry: bool = False) -> Limits:
    """For a run that begins now. Unless it only looks, the router can't be moved back over what is about to go."""
    cutoff = now - timedelta(days=days)
    position, last_event = _last(before=cutoff)
    settled = watermarks.read_by if is_dry else watermarks.settle_beginning
    return Limits(cutoff, settled(router.NAME, at=position), last_event)


def event_limits(*, now: datetime, days: int) -> list[EventLimits]:
    """All that is old; and progress that nobody's feed shows any more, once the router has read it."""
    cutoff, superseded = now - timedelta(days=days), now - SUPERSEDED_AFTER
    progress = EventType.objects.filter(name__endswith=".progress").exclude(replaces="")
    routed = watermarks.read_by(router.NAME, at=_last(before=superseded)[0])
    return [
        EventLimits(cutoff, _last(before=cutoff)[0]),
        EventLimits(superseded, routed, tuple(progress.values_list("pk", flat=True))),
    ]


def _last(*, before: datetime) -> tuple[int, int]:
    """The highest position and id among events of that age; 0 without any."""
    newest = Event.objects.filter(created_at__lt=before).order_by("-created_at")
    rows = list(newest.values_list("position", "pk")[:NEARLY])
    return max((row[0] or 0 for row in rows), default=0), max((row[1] for row in rows), default=0)


def row_may_go(limits: Limits) -> Q:
    """Of notifications: past, and nothing on its way."""
    waiting = Delivery.objects.filter(notification=OuterRef("pk"), state__in=UNSETTLED)
    return row_is_past(limits) & Q(~Exists(waiting))


def row_is_past(limits: Limits) -> Q:
    """Of notifications: old, given out, its event old, routed and told to all."""
    # Asked this way round since nearly none is left of those: that is cheaper to compare with than all that are past.
    theirs = Event.objects.filter(pk__lte=limits.last_event)
    staying = theirs.exclude(created_at__lt=limits.cutoff, position__lte=limits.told_to)
    return Q(
        ~Exists(staying.filter(pk=OuterRef("event"))),
        ~Q(event__in=Fanout.objects.values("event")),
        event__lte=limits.last_event,
        created_at__lt=limits.cutoff,
        hold=Hold.NONE,
    )


def summary_may_go(limits: Limits, *, pointing: QuerySet[Notification]) -> Q:
    """Of summaries: old, nothing on its way, and none of these rows belongs to it."""
    waiting = Delivery.objects.filter(summary=OuterRef("pk"), state__in=UNSETTLED)
    return Q(~Exists(waiting), ~Exists(pointing.filter(summary=OuterRef("pk"))), created_at__lt=limits.cutoff)


def lone_delivery_may_go(limits: Limits) -> Q:
    """Of deliveries: tests and confirmations, which belong to no row."""
    return Q(notification=None, summary=None, created_at__lt=limits.cutoff) & ~Q(state__in=UNSETTLED)


def event_is_past(limits: EventLimits) -> Q:
    """Of events: old, and read by every running subscriber. One query, for the subscribers."""
    return Q(
        position__lte=watermarks.read_by_all(at_most=limits.at_most),
        created_at__lt=limits.before,
        **({} if limits.types is None else {"event_type_id__in_set": limits.types}),
    )


def event_may_go(limits: EventLimits, *, pointing: QuerySet[Notification]) -> Q:
    """Of events: past, and nothing points to them: none of these rows, no audience that is still being told, no parked
    event."""
    return event_is_past(limits) & Q(
        ~Exists(pointing.filter(event=OuterRef("pk"))),
        ~Exists(Fanout.objects.filter(event=OuterRef("pk"))),
        ~Exists(ParkedEvent.objects.filter(event=OuterRef("pk"))),
    )
