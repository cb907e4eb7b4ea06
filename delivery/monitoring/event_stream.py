"""The newest events as the page of staff lists them: what happened, how many were told of it, and how that went."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Min, OuterRef
from django.db.models.functions import Coalesce

from delivery.models import Delivery
from events.db.aggregates import CountUpTo
from events.entities import Entity
from events.models import Event
from notifications.models import Hold, Notification
from notifications.presentation import access

LENGTH = 20
# People of an event who are counted: of one with more, no more is said than that.
MOST_TOLD = 1_000
# Failed deliveries, the newest, among which the events of `failed_only` are looked for.
MOST_FAILED = 200
# Events, the newest, among which those of a category are looked for.
MOST_SEARCHED = 100_000


@dataclass(slots=True)
class Line:
    """Event and what became of it. `told`: rows, MOST_TOLD at most; then the channels say nothing. `seconds`: until its
    first person had it in the inbox. `next_at`: when the first delivery that waits is due."""

    event: Event
    told: int
    seconds: float | None = None
    channels: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    next_at: datetime | None = None


def newest(user_id: int, *, category: str = "", failed_only: bool = False, source: Entity | None = None) -> list[Line]:
    """Lines of the newest events, without the text of those that this person may not see. Four queries; one more each
    for `category` and `failed_only`, and one where the host is asked."""
    events = Event.objects.select_related("event_type", "actor_user").order_by("-id")
    if category:
        # Without an end, the whole log would be searched for a category that is rare.
        last = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        events = events.filter(event_type__category=category, pk__gt=last - MOST_SEARCHED)
    if source:
        events = events.filter(**source.columns("source_entity"))
    if failed_only:
        about = Coalesce("event_id", "notification__event_id")
        failed = Delivery.objects.filter(state=Delivery.State.DEAD).exclude(event=None, notification=None)
        newest_failed = failed.order_by("-id").values_list(about, flat=True)[:MOST_FAILED]
        events = events.filter(pk__in_set=set(newest_failed))
    rows = Notification.objects.filter(event=OuterRef("pk")).order_by()
    counted = events.annotate(told=CountUpTo(rows.values("user_id").distinct()[:MOST_TOLD]))
    lines = {event.pk: Line(event, event.told) for event in counted[:LENGTH]}
    few = [pk for pk, line in lines.items() if line.told < MOST_TOLD]
    _add_channels(lines, few)
    _add_deliveries(lines, few)
    hide([line.event for line in lines.values()], user_id=user_id)
    return list(lines.values())


def _add_channels(lines: dict[int, Line], few: list[int]) -> None:
    rows = Notification.objects.filter(event_id__in_set=few).order_by()
    for pk, channel, hold, count, at in rows.values_list("event_id", "channel", "hold").annotate(
        Count("pk"), Min("delivered_at")
    ):
        line = lines[pk]
        counts, key = (line.channels, channel) if hold == Hold.NONE else (line.held, hold)
        counts[key] = counts.get(key, 0) + count
        if channel == "in_app" and hold == Hold.NONE and at:
            line.seconds = (at - line.event.created_at).total_seconds()


def _add_deliveries(lines: dict[int, Line], few: list[int]) -> None:
    unsent = Delivery.objects.exclude(state=Delivery.State.SENT).order_by()
    # Each by its own index.
    to_people = unsent.filter(notification__event_id__in_set=few).values_list("notification__event_id", "kind", "state")
    shared = unsent.filter(event_id__in_set=few).values_list("event_id", "kind", "state")
    groups = (group for made in (to_people, shared) for group in made.annotate(Count("pk"), Min("due_at")))
    for pk, kind, state, count, due_at in groups:
        counts = lines[pk].deliveries[state]
        counts[kind] = counts.get(kind, 0) + count
        if state == Delivery.State.PENDING:
            lines[pk].next_at = min(due_at, lines[pk].next_at or due_at)


def hide(events: list[Event], *, user_id: int) -> None:
    """Take the text from those that this person may not see. One query, if the host is asked."""
    about = {event.source for event in events if event.source} if access.is_asked() else set()
    known = access.answers({(user_id, source) for source in about}) if about else {}
    for event in events:
        if about and event.source and not known.get((user_id, event.source)):
            access.hide(event)
