"""Pulse: how much happens, how soon people are told of it, what waits, what arrived; over the last hour or day.

All of it is read from rows of the window, or up to a limit, so that it costs the same in every web process and on a
large log.
"""

import math
import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Max, Min, Model, OuterRef, Q, QuerySet, Subquery

from delivery import channels
from delivery.models import Delivery
from delivery.monitoring.backlog import backlog
from events.db.aggregates import Slot
from events.models import Event
from notifications.models import Hold, Inbox, Notification

T = TypeVar("T", bound=Model)
State = Delivery.State
# Rows that are counted one by one; of more, a sample of so many.
MOST_COUNTED, MOST_SAMPLED = 10_000, 5_000
# Events of the window whose way to the inbox is measured.
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


class ChannelCount(NamedTuple):
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
    """Return the figures of a window, read at most once in a while however many ask: at most seventeen queries."""
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
    ids = _ids(events, by="created_at")
    by_slot, by_type = Counter[int](), Counter[int]()
    groups = _counted(events, ids).values_list(Slot("created_at", seconds=window.seconds), "event_type_id")
    for index, type_id, count in groups.annotate(n=Count("pk")):
        if index >= slot:
            by_slot[index - slot] += count * ids.step
            by_type[type_id] += count * ids.step
    measured = ids[:: max(1, math.ceil(len(ids) / MOST_MEASURED))]
    ways = _ways(measured, first=first)
    slots: list[list[float]] = [[] for _ in range(window.slots)]
    for created, seen in ways:
        slots[min(int((created - first).total_seconds()) // window.seconds, window.slots - 1)].append(
            (seen - created).total_seconds()
        )
    seconds = [each for inside in slots for each in inside]
    ends = [first + timedelta(seconds=window.seconds * number) for number in range(1, window.slots)]
    behind = backlog(now=now).router_lag
    ended = Delivery.objects.filter(settled_at__gte=first, state__in=(State.SENT, State.DEAD)).order_by()
    ended_ids = _ids(ended, by="settled_at")
    settled = _counted(ended, ended_ids).values_list(Slot("settled_at", seconds=window.seconds), "kind", "state")
    by_state, by_channel = Counter[tuple[int, str]](), Counter[tuple[str, str]]()
    for index, kind, state, count in settled.annotate(n=Count("pk")):
        if index is not None and index >= slot:
            by_state[index - slot, state] += count * ended_ids.step
            by_channel[kind, state] += count * ended_ids.step
    return Figures(
        window,
        first,
        now,
        events=[by_slot[index] for index in range(window.slots)],
        last_minute=events.filter(created_at__gte=now - timedelta(minutes=1)).count(),
        by_type=dict(by_type),
        toast_seconds=[percentile(inside, 0.5) for inside in slots],
        p50=percentile(seconds, 0.5),
        p95=percentile(seconds, 0.95),
        # Measured events that waited as each slot ended, but for the one that hasn't.
        unrouted=[*(measured.step * sum(created <= end < seen for created, seen in ways) for end in ends), behind],
        routing_lag=behind,
        digests_due=Inbox.objects.filter(next_check_at__lt=now - SWEEP)[:MOST_COUNTED].count(),
        channels=_channels(by_channel, first_event=ids.start),
        delivered=[_share(by_state[at, State.SENT], by_state[at, State.DEAD]) for at in range(window.slots)],
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Value that so large a share of them doesn't exceed; None of none."""
    return sorted(values)[math.ceil(len(values) * share) - 1] if values else None


def _share(sent: int, failed: int) -> float | None:
    return sent / (sent + failed) if sent + failed else None


def _ids(rows: QuerySet[Any], *, by: str) -> range:
    """Ids among which the rows since a moment are: of more than MOST_COUNTED rows one in n. Two queries.

    They begin with the least of the oldest rows: where there are more, none that was made before those is counted.
    Rows of one moment come by id, or those of a transaction that made many would begin anywhere among them.
    """
    oldest = rows.order_by(by, "pk")[:MOST_COUNTED].aggregate(n=Count("pk"), least=Min("pk"))
    if not oldest["n"]:
        return range(0)
    span = (rows.model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1 - oldest["least"]
    step = 1 if oldest["n"] < MOST_COUNTED else math.ceil(span / MOST_SAMPLED)
    return range(oldest["least"], oldest["least"] + span, step)


def _counted(rows: QuerySet[T], ids: range) -> QuerySet[T]:
    """All of the rows, or those of these ids: older ones among them too, or the planner would read the whole window."""
    return rows if ids.step == 1 else rows.model._default_manager.filter(pk__in_set=_spread(ids)).order_by()


def _spread(ids: range) -> list[int]:
    """An id of each step, at random: every n-th would see but one of two kinds that take turns."""
    chance = random.Random(ids.step)
    return [each + chance.randrange(ids.step) for each in ids]


def _ways(ids: range, *, first: datetime) -> list[tuple[datetime, datetime]]:
    """Moments at which events were published and came to their first person's inbox; none that were held for all."""
    rows = Notification.objects.filter(event=OuterRef("pk"), channel="in_app", hold=Hold.NONE)
    arrived = Subquery(rows.order_by("user_id").values("delivered_at")[:1])
    found = Event.objects.filter(pk__in_set=_spread(ids)).order_by().values_list("created_at", arrived)
    return [(created, seen) for created, seen in found if seen and created >= first]


def _channels(ended: Mapping[tuple[str, str], int], *, first_event: int) -> dict[str, ChannelCount]:
    """Count by channel: in the app what came to the inbox, held or not; elsewhere deliveries."""
    newest = Notification.objects.filter(event_id__gte=first_event, channel="in_app").order_by("-event_id")
    held = Count("pk", filter=~Q(hold=Hold.NONE))
    in_app = newest[:MOST_COUNTED].aggregate(all=Count("pk"), held=held) if first_event else {"all": 0, "held": 0}
    names = [name for name in channels.installed() if name != "in_app"]
    unsettled = Delivery.objects.filter(state__in=Delivery.UNSETTLED).order_by()[:MOST_COUNTED]
    waiting = unsettled.aggregate(**{name: Count("pk", filter=Q(kind=name)) for name in names})
    return {"in_app": ChannelCount(in_app["all"] - in_app["held"], in_app["held"])} | {
        name: ChannelCount(ended[name, State.SENT], waiting[name], ended[name, State.DEAD]) for name in names
    }
