"""Notifying people of events: their rows, inboxes, deliveries and frames, in sets, under the locks of their inboxes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from events.db.arrays import id_range
from events.db.rows import insert_rows, update_rows
from events.db.session import set_local
from events.entities import BIGINT_MAX
from events.models import Event, EventType
from events.monitoring import families
from events.monitoring.counting import Tally
from events.rules.ladders import readable
from notifications import channels
from notifications.holds import schedule
from notifications.models import Inbox
from notifications.routing import context
from notifications.routing.announce import announce
from notifications.routing.audiences import Audiences
from notifications.routing.facts import NO_HOLD, EventFacts, Head, Plan, PlannedRow, TypeFacts
from notifications.routing.plan import plan

LOCK_TIMEOUT = "5s"


def notify(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Write what these events mean to their people. The number of queries doesn't depend on how many they are.

    Must run in a transaction; events come in log order with their types and actors. Idempotent: rows that exist are
    left alone, so a replay notifies nobody twice.
    """
    users = sorted(audiences.people)
    if not users:
        return Plan()
    set_local(lock_timeout=LOCK_TIMEOUT)
    inboxes = _lock(users)
    facts = [facts_of(event) for event in events]
    seqs = {user: seq for user, (seq, _unread, _hours) in inboxes.items()}
    hours = {user: theirs for user, (_seq, _unread, theirs) in inboxes.items() if theirs}
    loaded = context.load(facts, audiences, seqs=seqs, hours=hours, now=now)
    made = plan(facts, loaded)
    written = _write(made.rows, heads=loaded.heads, now=now)
    _update_inboxes(made.rows, hours=made.hours)
    if by_settings := {row.user_id for row in made.rows if row.hold != NO_HOLD and not row.hold_until}:
        schedule.expect(by_settings, now=now)
    channels.open_rows(
        [
            channels.Opened(pk, row.event_id, row.user_id, row.channel)
            for pk, row in written
            if row.channel != "in_app" and row.hold == NO_HOLD
        ]
    )
    in_feed = [(pk, row) for pk, row in written if row.channel == "in_app" and row.folded_into is None]
    if in_feed:
        unread = {user: count for user, (_seq, count, _hours) in inboxes.items()}
        # After the commit, when nobody waits for our locks.
        transaction.on_commit(lambda: announce(events, in_feed, unread=unread, now=now), robust=True)
    return made


def tally_of(made: Plan) -> Tally:
    """Count for `/metrics` what was written, and why others got nothing."""
    tally = Tally()
    for (channel, hold), count in Counter([(row.channel, row.hold) for row in made.rows]).items():
        tally.add(families.NOTIFIED, channel, hold, count=count)
    for channel, count in Counter([row.channel for row in made.rows if row.folded_into is not None]).items():
        tally.add(families.FOLDED, channel, count=count)
    for reason, count in Counter(made.why_not.values()).items():
        tally.add(families.NOT_NOTIFIED, reason, count=count)
    return tally


def dry_run(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Plan what `notify` would write if it came now; nothing is locked and nothing written. At most ten
    queries."""
    users = sorted(audiences.people)
    if not users:
        return Plan()
    facts = [facts_of(event) for event in events]
    counted = Inbox.objects.filter(user_id__in_set=set(users)).exclude(hourly="").values_list("user_id", "hourly")
    return plan(facts, context.load(facts, audiences, seqs=dict.fromkeys(users, 0), hours=dict(counted), now=now))


def _lock(users: Sequence[int]) -> dict[int, tuple[int, int, str]]:
    """Lock the inboxes of these people in user order, missing ones made; person -> seq, unread count and hours.

    Two queries, three if any is missing.
    """
    locked = Inbox.objects.locked(users).values_list("user_id", "seq", "unread_count", "hourly")
    return {user: (seq, unread, hourly) for user, seq, unread, hourly in locked}


def facts_of(event: Event) -> EventFacts:
    """Facts that the plan takes of an event, which comes with its type."""
    source = event.source
    return EventFacts(
        event_id=event.pk,
        # One that isn't numbered comes after all that are.
        position=BIGINT_MAX if event.position is None else event.position,
        type=type_facts_of(event.event_type),
        source=(source.type, source.id) if source else None,
        project_id=event.project_id,
        actor_id=event.actor_user_id,
        is_withdrawn=event.withdrawn_at is not None,
        is_over=event.resolved_by_id is not None,
    )


def type_facts_of(event_type: EventType) -> TypeFacts:
    """Facts that the plan takes of an event type."""
    return TypeFacts(
        event_type.pk,
        event_type.is_critical,
        event_type.is_locked,
        tuple(event_type.default_channels),
        event_type.replaces,
        event_type.updates_quietly,
        event_type.burst_seconds,
        readable(event_type.ladder),
    )


_INSERTED = {
    "event_id": "bigint",
    "user_id": "bigint",
    "channel": "text",
    "reason": "text",
    "hold": "text",
    "group_key": "text",
    "seq": "bigint",
    "feed_seq": "bigint",
    "hold_until": "timestamptz",
    "created_at": "timestamptz",
    "is_delivered": "boolean",
    "delivered_at": "timestamptz",
    "folds_until": "timestamptz",
    "count": "integer",
    "actors": "jsonb",
    "folded_into": "bigint",
    "summary_id": "bigint",
}
_REPLACED = {
    "id": "bigint",
    "event_id": "bigint",
    "reason": "text",
    "hold": "text",
    "seq": "bigint",
    "feed_seq": "bigint",
    "created_at": "timestamptz",
    "delivered_at": "timestamptz",
    "summary_id": "bigint",
    "count": "integer",
    "actors": "jsonb",
}


def _write(
    rows: Sequence[PlannedRow], *, heads: Mapping[tuple[int, str, str], Head], now: datetime
) -> list[tuple[int, PlannedRow]]:
    """Update the replaced rows in place and insert the new ones: two queries, and one for those that fold into others.
    Returns the ids and rows of all but these, in their order."""
    # First: they leave their last event to a row that is folded into them. No summary told of this one.
    replaced = [
        (row.replaces, row.event_id, row.reason, row.hold, row.seq, row.seq, now, now, None, row.total, row.actors)
        for row in rows
        if row.replaces is not None
    ]
    # Rows that are replaced together were mostly written together: their own range of the table is read, not all of it.
    near = id_range("notifications.id", sorted(pk for pk, *_ in replaced)) if replaced else ("true", [])
    update_rows("notifications", columns=_REPLACED, rows=replaced, where=near)
    # No ON CONFLICT, which costs a third more: who has been notified was read under these people's locks. A row that
    # another program puts in meanwhile, without them, fails the batch; its next try reads that row.
    shown = [row for row in rows if row.folded_into is None]
    new = [_inserted(row, now=now) for row in shown if row.replaces is None]
    # One for each row, in their order, as Django's bulk_create has it too.
    new_ids = iter(insert_rows("notifications", columns=_INSERTED, rows=new, returning=("id",)))
    written = [(next(new_ids)[0] if row.replaces is None else row.replaces, row) for row in shown]
    if len(shown) < len(rows):
        known = {place: head.row_id for place, head in heads.items()}
        known |= {(row.user_id, row.channel, row.group_key or ""): pk for pk, row in written if row.folds_until}
        folded = [row for row in rows if row.folded_into is not None]
        into = [known[row.user_id, row.channel, row.folded_into or ""] for row in folded]
        places = [_inserted(row, now=now, head=head) for row, head in zip(folded, into, strict=True)]
        insert_rows("notifications", columns=_INSERTED, rows=places)
    return written


def _inserted(row: PlannedRow, *, now: datetime, head: int | None = None) -> tuple[Any, ...]:
    in_app = row.channel == "in_app"
    its = (row.folds_until, row.total, row.actors or None, head, row.summary_id)
    # A planned row begins with the first columns, in their order.
    at = row.told_at or now
    return (*row[:7], row.seq, row.hold_until, at, in_app, at if in_app else None, *its)


_EARLIER = "CASE WHEN inboxes.look_at <= new.until THEN inboxes.look_at ELSE COALESCE(new.until, inboxes.look_at) END"


def _update_inboxes(rows: Sequence[PlannedRow], *, hours: Mapping[int, str]) -> None:
    """Raise seq and unread_count by what was written, and write the hours, and the ends of holds as checks: one
    query."""
    in_feed = [row for row in rows if row.channel == "in_app"]
    # What was told before has no number here.
    shown = Counter([row.user_id for row in in_feed if row.seq])
    new = Counter([row.user_id for row in in_feed if row.replaces is None and row.folded_into is None])
    ends: dict[int, datetime] = {}
    for row in rows:
        if row.hold_until is not None:
            ends[row.user_id] = min(row.hold_until, ends.get(row.user_id, row.hold_until))
    users = sorted(shown.keys() | hours.keys() | ends.keys())
    if not users:
        return
    columns = {"user_id": "bigint", "shown": "bigint", "unread": "bigint"}
    assign = {"seq": "inboxes.seq + new.shown", "unread_count": "inboxes.unread_count + new.unread"}
    rows_of: list[tuple[Any, ...]] = [(user, shown[user], new[user]) for user in users]
    if hours or ends:
        columns |= {"hourly": "text", "until": "timestamptz"}
        assign |= {"hourly": "COALESCE(new.hourly, inboxes.hourly)", "look_at": _EARLIER}
        rows_of = [(*row, hours.get(row[0]), ends.get(row[0])) for row in rows_of]
    update_rows(
        "inboxes",
        key="user_id",
        columns=columns,
        rows=rows_of,
        assign=assign,
        where=id_range("inboxes.user_id", users),
    )
