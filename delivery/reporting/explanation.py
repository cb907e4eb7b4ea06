"""Explanation of an event: who was told, over what and how that went; and who was not, and why.

What was decided for somebody is read from the rows. Why somebody was not told is stored nowhere: it is worked out from
today's audience, preferences and settings by the same plan that routes, so it holds as of now and is labelled so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from delivery import channels
from delivery.models import Delivery
from events import accounts
from events.accounts import User
from events.entities import BIGINT_MAX
from events.models import Event, ParkedEvent, Subscriber
from events.rules import channel_names
from notifications.holds import last_look
from notifications.models import Fanout, Notification, UserNotificationSettings
from notifications.routing import audiences, fanout, router, writer
from notifications.routing.plan import NO_HOLD, Plan

MOST_PEOPLE = 100
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """Report on one channel of one person. `state` is a code; no row: as of now."""

    channel: str
    state: str
    row: Notification | None
    deliveries: list[Delivery]


@dataclass(frozen=True, slots=True)
class Person:
    """Report on one person. `reason`: as stored, else today's. `why_not` (as of now): empty for who was told."""

    user: User
    reason: str
    why_not: str
    channels: list[ChannelReport]
    settings: UserNotificationSettings


@dataclass(frozen=True, slots=True)
class Explanation:
    """Page of people in the order of their ids. `notified`: how many in all, counted up to MOST_COUNTED."""

    event: Event
    routing: str
    notified: int
    people: list[Person]
    following: int | None
    as_of: datetime


def load(event_id: int) -> Event:
    """Load the event with its type and actor. Raises Event.DoesNotExist."""
    return Event.objects.select_related("event_type", "actor_user").get(pk=event_id)


def explain(event: Event, *, now: datetime, after: int = 0, limit: int = MOST_PEOPLE) -> Explanation:
    """Report on those who were told and those who, as of today, would be, above the user id `after`.

    At most 25 queries, however many people there are; the event comes with its type and actor.
    """
    rows = _rows_of(event).filter(user_id__gt=after).values_list("user_id", flat=True).distinct()
    notified = set(rows[: limit + 1])
    resolved, end = _audience(event, after=after, limit=limit)
    today = {user for user in resolved.by_event.get(event.pk, {}) if user > after}
    candidates = [user for user in sorted(notified | today) if user <= end]
    page = candidates[:limit]
    following = page[-1] if len(candidates) > limit else None if end == BIGINT_MAX else end
    return _explanation(event, page, resolved=resolved, following=following, now=now)


def explain_to(event: Event, *, user_id: int, now: datetime) -> Explanation:
    """Report on one person, told or not. An unknown one gives an explanation without people."""
    resolved = audiences.resolve([event], within=audiences.Range(user_id - 1, user_id))
    return _explanation(event, [user_id], resolved=resolved, following=None, now=now)


def _rows_of(event: Event) -> QuerySet[Notification]:
    """Ordered by person; a person has one row a channel."""
    return Notification.objects.filter(event=event).order_by("user_id")


def _audience(event: Event, *, after: int, limit: int) -> tuple[audiences.Audiences, int]:
    """Evaluate today's audience, and up to which user id: of a large one no more than a page."""
    resolved = audiences.resolve([event])
    if event.pk not in resolved.large:
        return resolved, BIGINT_MAX
    end = fanout.nth_person(event, after=after, until=BIGINT_MAX, number=limit)
    end = BIGINT_MAX if end is None else end
    return audiences.resolve([event], within=audiences.Range(after, end)), end


def _explanation(
    event: Event, page: Sequence[int], *, resolved: audiences.Audiences, following: int | None, now: datetime
) -> Explanation:
    routing = _routing(event)
    users = accounts.everyone().in_bulk(page)
    rows = list(_rows_of(event).filter(user_id__in_set=page).select_related("summary"))
    for row in rows:
        row.event = event
    reports = _channel_reports(rows)
    today = resolved.by_event.get(event.pk, {})
    without_feed_row = set(page) - {row.user_id for row in rows if row.channel == "in_app"}
    missing = {user: reason for user, reason in today.items() if user in without_feed_row}
    plan = writer.dry_run([event], replace(resolved, by_event={event.pk: missing}), now=now)
    settings = {row.user_id: row for row in UserNotificationSettings.objects.filter(user_id__in_set=page)}
    reasons = today | {row.user_id: row.reason for row in rows}
    told = []
    for user_id in page:
        if (user := users.get(user_id)) is None:
            continue
        why_not = _why_not(event, user, routing=routing, plan=plan, today=today)
        theirs = reports.get(user_id, [])
        if theirs and plan.why_not.get((event.pk, user_id)) == "replaced":
            theirs = [ChannelReport("in_app", "replaced", None, []), *theirs]
        chosen = settings.get(user_id) or UserNotificationSettings(user_id=user_id)
        told.append(Person(user, reasons.get(user_id, ""), "" if theirs else why_not, theirs, chosen))
    notified = _rows_of(event).values("user_id").distinct()[:MOST_COUNTED].count()
    return Explanation(event, routing, notified, told, following, now)


def _routing(event: Event) -> str:
    """Say where the router is with this event: at most three queries."""
    cursor = Subscriber.objects.filter(name=router.NAME).values_list("position", flat=True).first() or 0
    if parked := ParkedEvent.objects.filter(subscriber__name=router.NAME, event=event).first():
        return "set_aside" if parked.retry_at else "parked"
    if event.position is None or event.position > cursor:
        return "not_routed"
    return "on_its_way" if Fanout.objects.filter(event=event).exists() else "routed"


def _channel_reports(rows: Sequence[Notification]) -> dict[int, list[ChannelReport]]:
    """Map each person to the channels of their rows, which come with their event. Six queries at most."""
    present = last_look.load([last_look.row_of(row) for row in rows])
    ids = [row.pk for row in rows]
    summaries = {row.summary_id for row in rows if row.summary_id is not None}
    opened = Q(notification_id__in_set=ids)
    if summaries:
        opened |= Q(summary_id__in_set=summaries)
    deliveries = defaultdict(list)
    made = Delivery.objects.filter(opened).select_related("address__server").defer("body").order_by("id")
    for delivery in made.prefetch_related("attempts"):
        key = ("row", delivery.notification_id) if delivery.notification_id else ("summary", delivery.summary_id)
        deliveries[key, delivery.kind].append(delivery)
    reports: dict[int, list[ChannelReport]] = defaultdict(list)
    rank = {name: number for number, name in enumerate(channel_names.known())}
    for row in sorted(rows, key=lambda row: (row.user_id, rank.get(row.channel, len(rank)))):
        own = deliveries[("row", row.pk), row.channel] + deliveries[("summary", row.summary_id), row.channel]
        reports[row.user_id].append(ChannelReport(row.channel, _state(row, own, present=present), row, own))
    return reports


def _state(row: Notification, deliveries: Sequence[Delivery], *, present: last_look.Present) -> str:
    """Name the state. Of several deliveries the luckiest counts: one that arrived is enough."""
    if deliveries:
        states = {delivery.state for delivery in deliveries}
        return next(state for state in _LUCKIEST if state in states)
    if row.channel == "in_app":
        return "in_feed"
    if row.hold != NO_HOLD:
        return "in_summary" if row.summary_id is not None else f"held_{row.hold}"
    if row.channel not in channels.installed():
        return "channel_not_installed"
    return last_look.why_not(last_look.row_of(row), present) or "no_address"


_LUCKIEST = (
    Delivery.State.SENT,
    Delivery.State.SENDING,
    Delivery.State.PENDING,
    Delivery.State.DEAD,
    Delivery.State.SKIPPED,
)


def _why_not(event: Event, user: User, *, routing: str, plan: Plan, today: Mapping[int, str]) -> str:
    """Name the reason, as of now; what the router has still to do comes first."""
    if routing != "routed":
        return routing
    if not user.is_active:
        return "inactive"
    if user.pk not in today:
        is_left_out = event.event_type.exclude_actor and event.actor_user_id == user.pk
        return "is_actor" if is_left_out else "not_in_audience"
    return plan.why_not.get((event.pk, user.pk), "would_be_told")
