"""Telling of events before anything leaves: planned for one that isn't stored, or routed really, in a test."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from delivery import channels
from delivery.models import Address, Delivery
from delivery.outbox import account_addresses, eligibility, load
from delivery.reporting import explanation
from delivery.reporting.explanation_text import STATES, WHY_NOT, reason_text
from events import accounts, outcomes, rendering
from events.accounts import User
from events.entities import BIGINT_MAX
from events.errors import AudienceFailed
from events.models import Event
from events.outcomes import Mail, OnChannel, Outcome, Person
from notifications.holds import last_look
from notifications.presentation import access
from notifications.routing import audiences, router, writer
from notifications.routing.facts import NO_HOLD, Plan, PlannedRow

# Of a large audience so many are planned for; so many are said in detail.
MOST_EXAMINED, MOST_PEOPLE = 1000, 100


def install() -> None:
    outcomes.install(outcomes.Engine(dry_run, route, left, mails))


def dry_run(event: Event, now: datetime) -> Outcome:
    """Plan for an event that isn't stored; nothing is locked or written."""
    resolved, end = explanation.audience(event, after=0, limit=MOST_EXAMINED)
    if failed := resolved.failed.get(event.pk):
        raise AudienceFailed(str(failed), code="audience_failed")
    concerned = sorted(resolved.by_event.get(event.pk, {}))
    plan = writer.dry_run([event], resolved, now=now)
    shown = accounts.everyone().in_bulk(concerned[:MOST_PEOPLE])
    total = len(concerned) if end == BIGINT_MAX else audiences.count(event)
    return _outcome(event, plan, shown, audience=total, open_ways=_ways_to_open(plan, shown))


def route(events: Sequence[Event], now: datetime) -> list[Outcome]:
    """Route numbered events in the caller's transaction; of a large audience nobody is told yet."""
    plan = router.route(events, now=now)
    users = accounts.everyone().in_bulk({user for _event, user in plan.why_not} | {row.user_id for row in plan.rows})
    opened = Delivery.objects.filter(notification__event__in=events)
    ways = set(opened.values_list("notification__event_id", "notification__user_id", "kind"))
    return [_outcome(event, plan, users, audience=None, open_ways=ways) for event in events]


def left(told: Sequence[Outcome]) -> list[Outcome]:
    """Say what is left of these by now: of what was withdrawn nothing, of what is over what is in the feeds. One
    query."""
    ends = Event.objects.filter(pk__in=[one.event.pk for one in told]).values_list("pk", "withdrawn_at", "resolved_by")
    by_event = {pk: last_look.ended(withdrawn_at, by) for pk, withdrawn_at, by in ends}
    return [_left(one, by_event.get(one.event.pk, "")) for one in told]


def mails(told: Sequence[Outcome], now: datetime) -> list[Mail]:
    """Write the mails that would go out now, as they are sent."""
    opened = Delivery.objects.filter(notification__event__in=[one.event for one in told], kind="email")
    rows = list(opened.select_related("address", "notification", "summary").order_by("pk"))
    seen = load.ask_access([row.pk for row in rows]) if access.is_asked() else None
    ready = load.outgoing(rows, now=now, seen=seen)
    email = channels.named("email")
    wanted = [one for one in ready if not eligibility.skip_reason(one, skips_read=email.skips_read)]
    return [_mail(one.address.target, email.freeze(one).body) for one in wanted]


def _left(one: Outcome, ended: str) -> Outcome:
    if not ended:
        return one
    if ended == last_look.WITHDRAWN:
        gone = Counter(one.why_not) + Counter({ended: one.told})
        people = [Person(known.user, "", known.why_not or ended, str(WHY_NOT[ended])) for known in one.people]
        return replace(one, told=0, held=0, channels={}, why_not=dict(gone), people=people)
    people = [replace(known, channels=[_over(way) for way in known.channels]) for known in one.people]
    return replace(one, held=0, people=people)


def _over(way: OnChannel) -> OnChannel:
    """Way of an event that is over: in the feed it stays, elsewhere it rings and goes no more."""
    is_shown = way.channel == "in_app"
    state = "over" if is_shown else last_look.RESOLVED
    return OnChannel(way.channel, state, str(STATES[state]), NO_HOLD, is_reached=is_shown, is_toast=False)


def _mail(to: str, body: bytes) -> Mail:
    message = message_from_bytes(body, EmailMessage, policy=policy.default)
    text, html = (message.get_body([kind]) for kind in ("plain", "html"))
    return Mail(to, str(message["Subject"]), *(part.get_content() if part else "" for part in (text, html)))


def _outcome(
    event: Event,
    plan: Plan,
    shown: Mapping[int, User],
    *,
    audience: int | None,
    open_ways: Collection[tuple[int, int, str]],
) -> Outcome:
    """Say what the plan of an event means. `open_ways`: (event, person, channel) on which it goes out at once."""
    rows = defaultdict(list)
    for row in plan.rows:
        if row.event_id == event.pk:
            rows[row.user_id].append(row)
    why_not = {user: why for (pk, user), why in plan.why_not.items() if pk == event.pk and user not in rows}
    planned = [row for theirs in rows.values() for row in theirs]
    words = rendering.render(event, event.event_type)
    barred = _barred(event, shown)
    hidden = rendering.render(access.hide(copy(event)), event.event_type) if barred else words
    people = []
    for pk, user in sorted(shown.items()):
        if theirs := rows.get(pk):
            ways = [_on_channel(row, is_barred=pk in barred, open_ways=open_ways) for row in theirs]
            reason, seen = theirs[0].reason, hidden if pk in barred else words
            people.append(Person(user, reason, "", reason_text(reason), ways, seen))
        elif why := why_not.get(pk):
            people.append(Person(user, "", why, str(WHY_NOT[why])))
    return Outcome(
        event=event,
        words=words,
        audience=len(rows) + len(why_not) if audience is None else audience,
        examined=len(rows) + len(why_not),
        told=len(rows),
        held=len({row.user_id for row in planned if row.hold != NO_HOLD}),
        channels=dict(Counter(row.channel for row in planned)),
        why_not=dict(Counter(why_not.values())),
        people=people,
    )


def _on_channel(row: PlannedRow, *, is_barred: bool, open_ways: Collection[tuple[int, int, str]]) -> OnChannel:
    if row.channel == "in_app":
        state = "in_feed"
    elif row.hold != NO_HOLD:
        state = explanation.held_state(row.hold)
    elif row.channel not in channels.installed():
        state = "channel_not_installed"
    elif is_barred:
        state = "no_access"
    else:
        state = "goes_out" if (row.event_id, row.user_id, row.channel) in open_ways else "no_address"
    is_reached = row.hold != NO_HOLD or state in ("in_feed", "goes_out")
    return OnChannel(row.channel, state, str(STATES[state]), row.hold, is_reached, row.toast)


def _barred(event: Event, users: Collection[int]) -> set[int]:
    """Find who may not see what it is about, as the host says. One query, if it is asked."""
    if event.source is None or not access.is_asked():
        return set()
    known = access.answers({(user, event.source) for user in users})
    return {user for user in users if not known.get((user, event.source))}


def _ways_to_open(plan: Plan, users: Mapping[int, User]) -> set[tuple[int, int, str]]:
    """Find on which of these people's channels a delivery would be opened. One query."""
    addresses = defaultdict[tuple[int | None, str], list[Address]](list)
    for address in Address.objects.filter(user_id__in_set=set(users)).select_related("user"):
        addresses[address.user_id, address.kind].append(address)
    return {
        (event_id, user_id, kind)
        for event_id, user_id, kind, *_more in plan.rows
        if user_id in users
        and kind in channels.installed()
        and account_addresses.reaches(channels.named(kind), addresses[user_id, kind], user=users[user_id])
    }
