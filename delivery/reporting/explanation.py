"""Explanation of an event: who was told, over what and how that went; and who was not, and why.

What was decided for somebody is read from the rows. Why somebody was not told is stored nowhere: it is worked out from
today's audience, preferences and settings by the same plan that routes, so it holds as of now and is labelled so.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from delivery import channels
from delivery.models import Delivery
from delivery.reporting import later_steps
from events import accounts, outcomes
from events.accounts import User
from events.entities import BIGINT_MAX
from events.models import Event, ParkedEvent, Subscriber
from events.rules import channel_names
from notifications.holds import last_look
from notifications.models import Escalation, Fanout, Notification, UserNotificationSettings
from notifications.presentation import acknowledged
from notifications.routing import audiences, fanout, router, writer
from notifications.routing.facts import LADDER, NO_HOLD, Plan
from notifications.routing.named_audiences import Range

MOST_PEOPLE = 100
MOST_COUNTED = 10_000
WAITS_UNREAD = "waits_unread"


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """Report on one channel of one person. `state` is a code; no row: as of now."""

    channel: str
    state: str
    row: Notification | None
    deliveries: list[Delivery]

    @property
    def is_held(self) -> bool:
        return self.state == WAITS_UNREAD or self.state.startswith("held_")


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
    """Page of people in the order of their ids. `notified`: how many in all, counted up to MOST_COUNTED. `shared`: what
    went to destinations."""

    event: Event
    routing: str
    notified: int
    people: list[Person]
    following: int | None
    as_of: datetime
    shared: list[Delivery]
    escalation: Escalation | None


def load(event_id: int) -> Event:
    """Load the event with its type and actor. Raises Event.DoesNotExist."""
    return Event.objects.select_related("event_type", "actor_user").get(pk=event_id)


def explain(event: Event, *, now: datetime, after: int = 0, limit: int = MOST_PEOPLE) -> Explanation:
    """Report on those who were told and those who, as of today, would be, above the user id `after`.

    At most 34 queries, however many people there are; the event comes with its type and actor.
    """
    rows = _rows_of(event).filter(user_id__gt=after).values_list("user_id", flat=True).distinct()
    notified = set(rows[: limit + 1])
    resolved, end = audience(event, after=after, limit=limit)
    today = {user for user in resolved.by_event.get(event.pk, {}) if user > after}
    candidates = [user for user in sorted(notified | today) if user <= end]
    page = candidates[:limit]
    following = page[-1] if len(candidates) > limit else None if end == BIGINT_MAX else end
    return _explanation(event, page, resolved=resolved, following=following, now=now)


def explain_to(event: Event, *, user_id: int, now: datetime) -> Explanation:
    """Report on one person, told or not. An unknown one gives an explanation without people.

    Of who comes in a later step it says why that hasn't come, as the person is answered: the queries of `later_steps`.
    """
    resolved = audiences.resolve([event], within=Range(user_id - 1, user_id))
    found = _explanation(event, [user_id], resolved=resolved, following=None, now=now)
    return replace(found, people=[_with_later_step(event, person) for person in found.people])


def _with_later_step(event: Event, person: Person) -> Person:
    if person.why_not != "not_in_audience":
        return person
    step = later_steps.find([event], user=person.user).get(event.pk)
    return person if step is None else replace(person, why_not=step.code)


def _rows_of(event: Event) -> QuerySet[Notification]:
    """Ordered by person; a person has one row a channel."""
    return Notification.objects.filter(event=event).order_by("user_id")


def audience(event: Event, *, after: int, limit: int) -> tuple[audiences.Audiences, int]:
    """Evaluate today's audience, and up to which user id: of a large one no more than a page."""
    resolved = audiences.resolve([event])
    if event.pk not in resolved.large:
        return resolved, BIGINT_MAX
    end = fanout.nth_person(event, after=after, until=BIGINT_MAX, number=limit)
    end = BIGINT_MAX if end is None else end
    return audiences.resolve([event], within=Range(after, end)), end


def _explanation(
    event: Event, page: Sequence[int], *, resolved: audiences.Audiences, following: int | None, now: datetime
) -> Explanation:
    routing = routing_of([event])[event.pk]
    users = accounts.everyone().in_bulk(page)
    rows = list(_rows_of(event).filter(user_id__in_set=page).select_related("summary"))
    for row in rows:
        row.event = event
    reports = channel_reports(rows, now=now)
    today = resolved.by_event.get(event.pk, {})
    without_feed_row = set(page) - {row.user_id for row in rows if row.channel == "in_app"}
    missing = {user: reason for user, reason in today.items() if user in without_feed_row}
    plan = writer.dry_run([event], replace(resolved, by_event={event.pk: missing}), now=now)
    settings = {row.user_id: row for row in UserNotificationSettings.objects.filter(user_id__in_set=page)}
    reasons = today | {row.user_id: row.reason for row in rows}
    escalation = acknowledged.of_event(event) if event.event_type.is_critical else None
    told = []
    for user_id in page:
        if (user := users.get(user_id)) is None:
            continue
        why_not = why_not_told(event, user, routing=routing, plan=plan, today=today)
        theirs = reports.get((event.pk, user_id), [])
        if theirs and plan.why_not.get((event.pk, user_id)) == "replaced":
            theirs = [ChannelReport("in_app", "replaced", None, []), *theirs]
        chosen = settings.get(user_id) or UserNotificationSettings(user_id=user_id)
        told.append(Person(user, reasons.get(user_id, ""), "" if theirs else why_not, theirs, chosen))
    return Explanation(event, routing, count_notified(event), told, following, now, _shared(event), escalation)


def _shared(event: Event) -> list[Delivery]:
    """Load what goes to destinations, with them. Two queries."""
    made = Delivery.objects.filter(event=event).select_related("address__server", "address__destination")
    return list(made.defer("body").prefetch_related("attempts").order_by("id"))


def count_notified(event: Event) -> int:
    """Count the people who were notified, up to MOST_COUNTED. One query."""
    return _rows_of(event).values("user_id").distinct()[:MOST_COUNTED].count()


def routing_of(events: Collection[Event]) -> dict[int, str]:
    """Map each event to where the router is with it: three queries."""
    cursor = Subscriber.objects.filter(name=router.NAME).values_list("position", flat=True).first() or 0
    ids = [event.pk for event in events]
    parked = ParkedEvent.objects.filter(subscriber__name=router.NAME, event__in=ids).values_list("event_id", "retry_at")
    stopped = {event_id: "set_aside" if retry_at else "parked" for event_id, retry_at in parked}
    going_out = set(Fanout.objects.filter(event__in=ids, rule="").values_list("event_id", flat=True))
    routing = dict[int, str]()
    for event in events:
        is_ahead = event.position is None or event.position > cursor
        unstopped = "not_routed" if is_ahead else "on_its_way" if event.pk in going_out else "routed"
        routing[event.pk] = stopped.get(event.pk, unstopped)
    return routing


def channel_reports(rows: Sequence[Notification], *, now: datetime) -> dict[tuple[int, int], list[ChannelReport]]:
    """Map (event, person) to the channels of their rows, which come with their event. Eleven queries at most."""
    present = last_look.load([last_look.row_of(row) for row in rows], now=now)
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
    reports: dict[tuple[int, int], list[ChannelReport]] = defaultdict(list)
    rank = {name: number for number, name in enumerate(channel_names.known())}
    for row in sorted(rows, key=lambda row: (row.user_id, rank.get(row.channel, len(rank)))):
        own = deliveries[("row", row.pk), row.channel] + deliveries[("summary", row.summary_id), row.channel]
        reports[row.event_id, row.user_id].append(
            ChannelReport(row.channel, _state(row, own, present=present), row, own)
        )
    return reports


def _state(row: Notification, deliveries: Sequence[Delivery], *, present: last_look.Present) -> str:
    """Name the state. Of several deliveries the luckiest counts: one that arrived is enough."""
    ended = last_look.ended(row.event.withdrawn_at, row.event.resolved_by_id)
    if deliveries:
        states = {delivery.state for delivery in deliveries}
        return next(state for state in _LUCKIEST if state in states)
    if row.channel == "in_app":
        in_feed = "in_feed" if row.folded_into is None else "folded"
        return {last_look.WITHDRAWN: "withdrawn", last_look.RESOLVED: "over"}.get(ended, in_feed)
    if row.hold != NO_HOLD:
        return "in_summary" if row.summary_id is not None else held_state(row.hold)
    if row.channel not in channels.installed():
        return "channel_not_installed"
    return last_look.why_not(last_look.row_of(row), present) or "no_address"


def held_state(hold: str) -> str:
    return WAITS_UNREAD if hold == LADDER else f"held_{hold}"


_LUCKIEST = (
    Delivery.State.SENT,
    Delivery.State.SENDING,
    Delivery.State.PENDING,
    Delivery.State.DEAD,
    Delivery.State.SKIPPED,
)


def why_not_told(event: Event, user: User, *, routing: str, plan: Plan, today: Mapping[int, str]) -> str:
    """Name the reason, as of now; what the router has still to do comes first."""
    if routing != "routed":
        return routing
    if not user.is_active or user.pk not in today:
        return outcomes.why_outside(event, user)
    return plan.why_not.get((event.pk, user.pk), "would_be_told")
