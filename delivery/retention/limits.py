"""Rules of what retention may take, said once: for the run that takes it and for the count that only looks."""

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
    """Bounds of one run: what is older than `cutoff` may go.

    `routed_to`: up to this position rows may go; the router never reads these events again, so tells nobody twice.
    `last_event`: no event that is old enough has a larger id, so a walk ends there.
    """

    cutoff: datetime
    routed_to: int
    last_event: int


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Bounds of one run through the events: up to the position `at_most`. `types`: only of these; None: of all."""

    before: datetime
    at_most: int
    types: tuple[int, ...] | None = None


def limits(*, now: datetime, days: int, is_dry: bool = False) -> Limits:
    """Set the bounds of a run that begins now. Unless it only looks, the router can't be moved back over what is about
    to go."""
    cutoff = now - timedelta(days=days)
    position, last_event = _last(before=cutoff)
    settled = watermarks.position_of if is_dry else watermarks.raise_earliest
    return Limits(cutoff, settled(router.NAME, at=position), last_event)


def event_limits(*, now: datetime, days: int) -> list[EventLimits]:
    """Set the bounds for all old events, and for progress that nobody's feed shows any more, once the router has read
    it."""
    cutoff, superseded = now - timedelta(days=days), now - SUPERSEDED_AFTER
    progress = EventType.objects.filter(name__endswith=".progress").exclude(replaces="")
    routed = watermarks.position_of(router.NAME, at=_last(before=superseded)[0])
    return [
        EventLimits(cutoff, _last(before=cutoff)[0]),
        EventLimits(superseded, routed, tuple(progress.values_list("pk", flat=True))),
    ]


def _last(*, before: datetime) -> tuple[int, int]:
    """Find the highest position and id among events of that age; 0 without any."""
    newest = Event.objects.filter(created_at__lt=before).order_by("-created_at")
    rows = list(newest.values_list("position", "pk")[:NEARLY])
    return max((row[0] or 0 for row in rows), default=0), max((row[1] for row in rows), default=0)


def row_may_go(limits: Limits) -> Q:
    """Notifications that are old, given out, with nothing on its way, their event old, routed and told to all."""
    past = Event.objects.filter(pk=OuterRef("event"), created_at__lt=limits.cutoff, position__lte=limits.routed_to)
    return Q(
        Exists(past),
        ~Exists(Delivery.objects.filter(notification=OuterRef("pk"), state__in=UNSETTLED)),
        ~Exists(Fanout.objects.filter(event=OuterRef("event"))),
        created_at__lt=limits.cutoff,
        hold=Hold.NONE,
    )


def summary_may_go(limits: Limits, *, pointing: QuerySet[Notification]) -> Q:
    """Summaries that are old, with nothing on its way, to which none of these rows belongs."""
    return Q(
        ~Exists(Delivery.objects.filter(summary=OuterRef("pk"), state__in=UNSETTLED)),
        ~Exists(pointing.filter(summary=OuterRef("pk"))),
        created_at__lt=limits.cutoff,
    )


def lone_delivery_may_go(limits: Limits) -> Q:
    """Deliveries of tests and confirmations, which belong to no row: old and settled."""
    return Q(notification=None, summary=None, created_at__lt=limits.cutoff) & ~Q(state__in=UNSETTLED)


def event_is_past(limits: EventLimits) -> Q:
    """Events that are old and read by every running subscriber. One query, for the subscribers."""
    return Q(
        position__lte=watermarks.lowest_position(at_most=limits.at_most),
        created_at__lt=limits.before,
        **({} if limits.types is None else {"event_type_id__in_set": limits.types}),
    )


def event_may_go(limits: EventLimits, *, pointing: QuerySet[Notification]) -> Q:
    """Events that are past and that nothing points to: none of these rows, no audience that is still being told, no
    parked event. One query, for the subscribers."""
    return event_is_past(limits) & Q(
        ~Exists(pointing.filter(event=OuterRef("pk"))),
        ~Exists(Fanout.objects.filter(event=OuterRef("pk"))),
        ~Exists(ParkedEvent.objects.filter(event=OuterRef("pk"))),
    )
