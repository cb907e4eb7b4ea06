"""Pulse: how much happens, how soon people are told of it, what waits, what arrived; over the last hour or day.

All of it is read from rows of the window, or up to a limit, so that it costs the same in every web process and on a
large log.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery

from delivery import channels
from delivery.models import Delivery
from delivery.monitoring.backlog import backlog
from events.db.aggregates import Slot
from events.models import Event
from notifications.models import Hold, Inbox, Notification

State = Delivery.State
# Rows that are counted one by one.
MOST_COUNTED = 10_000
# Events of the window whose way to the inbox is measured: every one, or every n-th.
MOST_MEASURED = 1_000
# A digest that is due is made by the next sweep.
SWEEP = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Window:
    """Stretch of time up to now, in slots of so many seconds. `holds`: seconds for which figures are kept."""

    seconds: int
    slots: int
    holds: int


WINDOWS = {"hour": Window(60, 60, 2), "day": Window(1800, 48, 20)}


@dataclass(frozen=True, slots=True)
class ChannelCount:
    sent: int = 0
    waiting: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a window; what is listed by slot begins with the oldest one, in which `first` is the first moment.

    Seconds from event to toast: between the event's row and that of its first person's in the inbox, which is when
    the toast is sent off.
    """

    window: Window
    first: datetime
    at: datetime
    events: list[int]
    last_minute: int
    by_type: dict[int, int]
    toast_seconds: list[float | None]
    p50: float | None
    p95: float | None
    unrouted: list[int]
    routing_lag: int
    digests_due: int
    channels: dict[str, ChannelCount]
    delivered: list[float | None]


_reading = threading.Lock()


def figures(over: str, *, now: datetime) -> Figures:
    """Return the figures of a window, read at most once in a while however many ask: at most thirteen queries."""
    with _reading:
        return _kept(over, int(now.timestamp() / WINDOWS[over].holds))


@lru_cache(maxsize=len(WINDOWS))
def _kept(over: str, moment: int) -> Figures:
    return read(WINDOWS[over], now=datetime.fromtimestamp((moment + 1) * WINDOWS[over].holds, UTC))


def forget() -> None:
    _kept.cache_clear()


def read(window: Window, *, now: datetime) -> Figures:
    slot = int(now.timestamp()) // window.seconds - window.slots + 1
    first = datetime.fromtimestamp(slot * window.seconds, UTC)
    events = Event.objects.filter(created_at__gte=first).order_by()
    at = Slot("created_at", seconds=window.seconds)
    groups = list(events.values_list(at, "event_type_id").annotate(Count("pk"), Min("pk")))
    by_slot, by_type = Counter[int](), Counter[int]()
    for index, type_id, count, _least in groups:
        by_slot[index - slot] += count
        by_type[type_id] += count
    every = max(1, math.ceil(by_slot.total() / MOST_MEASURED))
    ways = _ways(events, every=every)
    seconds = [(created, (seen - created).total_seconds()) for created, seen in ways]
    settled = _settled(first, window, slot=slot)
    behind = backlog(now=now)
    return Figures(
        window,
        first,
        now,
        events=[by_slot[index] for index in range(window.slots)],
        last_minute=events.filter(created_at__gte=now - timedelta(minutes=1)).count(),
        by_type=dict(by_type),
        toast_seconds=_medians(seconds, first, window),
        p50=percentile([each for _at, each in seconds], 0.5),
        p95=percentile([each for _at, each in seconds], 0.95),
        unrouted=[*(each * every for each in _waiting_then(ways, first, window)), behind.router_lag],
        routing_lag=behind.router_lag,
        digests_due=Inbox.objects.filter(next_check_at__lt=now - SWEEP)[:MOST_COUNTED].count(),
        channels=_channels(settled, first_event=min((least for *_group, least in groups), default=None)),
        delivered=_shares(settled, window),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Value that so large a share of them doesn't exceed; None of none."""
    return sorted(values)[math.ceil(len(values) * share) - 1] if values else None


def _ways(events: QuerySet[Event], *, every: int) -> list[tuple[datetime, datetime]]:
    """Moments at which events were published and came to their first person's inbox; none that were held for all."""
    rows = Notification.objects.filter(event=OuterRef("pk"), channel="in_app", hold=Hold.NONE)
    arrived = Subquery(rows.order_by("user_id").values("delivered_at")[:1])
    sample = events.alias(part=F("pk") % every).filter(part=0).annotate(arrived=arrived)
    return list(sample.filter(arrived__isnull=False).values_list("created_at", "arrived"))


def _medians(seconds: Sequence[tuple[datetime, float]], first: datetime, window: Window) -> list[float | None]:
    slots: list[list[float]] = [[] for _ in range(window.slots)]
    for created, each in seconds:
        slots[min(int((created - first).total_seconds()) // window.seconds, window.slots - 1)].append(each)
    return [percentile(slot, 0.5) for slot in slots]


def _waiting_then(ways: Sequence[tuple[datetime, datetime]], first: datetime, window: Window) -> list[int]:
    """Count the measured events that waited for routing as each slot ended, but for the one that hasn't."""
    ends = [first + timedelta(seconds=window.seconds * number) for number in range(1, window.slots)]
    return [sum(created <= end < seen for created, seen in ways) for end in ends]


def _settled(first: datetime, window: Window, *, slot: int) -> dict[tuple[int, str, str], int]:
    """Deliveries by slot, channel and state."""
    ended = Delivery.objects.filter(settled_at__gte=first, state__in=(State.SENT, State.DEAD)).order_by()
    rows = ended.values_list(Slot("settled_at", seconds=window.seconds), "kind", "state").annotate(Count("pk"))
    return {(index - slot, kind, state): count for index, kind, state, count in rows}


def _channels(settled: Mapping[tuple[int, str, str], int], *, first_event: int | None) -> dict[str, ChannelCount]:
    """Count by channel: in the app what came to the inbox, held or not; elsewhere deliveries."""
    newest = Notification.objects.filter(event_id__gte=first_event or 0, channel="in_app").order_by("-event_id")
    held = Count("pk", filter=~Q(hold=Hold.NONE))
    in_app = newest[:MOST_COUNTED].aggregate(all=Count("pk"), held=held) if first_event else {"all": 0, "held": 0}
    names = [name for name in channels.installed() if name != "in_app"]
    unsettled = Delivery.objects.filter(state__in=Delivery.UNSETTLED).order_by()[:MOST_COUNTED]
    waiting = unsettled.aggregate(**{name: Count("pk", filter=Q(kind=name)) for name in names})
    ended = Counter[tuple[str, str]]()
    for (_index, kind, state), count in settled.items():
        ended[kind, state] += count
    return {"in_app": ChannelCount(in_app["all"] - in_app["held"], in_app["held"])} | {
        name: ChannelCount(ended[name, State.SENT], waiting[name], ended[name, State.DEAD]) for name in names
    }


def _shares(settled: Mapping[tuple[int, str, str], int], window: Window) -> list[float | None]:
    sent, ended = Counter[int](), Counter[int]()
    for (index, _kind, state), count in settled.items():
        ended[index] += count
        sent[index] += count if state == State.SENT else 0
    return [sent[index] / ended[index] if ended[index] else None for index in range(window.slots)]
