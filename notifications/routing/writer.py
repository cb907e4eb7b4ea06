"""Notifying people of events: their rows, inboxes, deliveries and frames, in sets, under the locks of their inboxes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from events.db.aggregates import Numbers
from events.db.arrays import id_range
from events.db.clock import instant
from events.db.rows import insert_rows, update_rows
from events.db.session import set_local
from events.models import Event
from notifications import channels
from notifications.holds import hourly_cap, schedule
from notifications.inbox import feed, push
from notifications.models import Inbox
from notifications.presentation import access
from notifications.routing import context
from notifications.routing.audiences import Audiences
from notifications.routing.plan import BURST, NO_HOLD, EventFacts, Plan, PlannedRow, TypeFacts, plan

LOCK_TIMEOUT = "5s"


def notify(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Write what these events mean to their people. The number of queries doesn't depend on how many they are.

    Must run in a transaction; events come in log order with their types and actors. Idempotent: rows that exist are
    left alone, so a replay notifies nobody twice.
    """
    users = sorted(set().union(*audiences.by_event.values()))
    if not users:
        return Plan()
    set_local(lock_timeout=LOCK_TIMEOUT)
    inboxes = _lock(users)
    facts = [_facts(event) for event in events]
    seqs = {user: seq for user, (seq, _unread, _hours) in inboxes.items()}
    hours = {user: theirs for user, (_seq, _unread, theirs) in inboxes.items() if theirs}
    loaded = context.load(facts, audiences, seqs=seqs, now=now)
    made = plan(facts, replace(loaded, caps=settings.HOURLY_CAPS, hours=hours, now=now.timestamp()))
    ids = _write(made.rows, now=now)
    held = {row.user_id for row in made.rows if row.hold != NO_HOLD}
    hours |= made.hours if held else {}
    ends = {
        user: end
        for user in held
        if (end := hourly_cap.waits_until(hours.get(user, ""), settings.HOURLY_CAPS, now=now.timestamp()))
    }
    _update_inboxes(made.rows, hours=made.hours, ends=ends)
    if held and (by_settings := {row.user_id for row in made.rows if row.hold not in (NO_HOLD, BURST)}):
        schedule.expect(by_settings, planned=ends, now=now)
    written = list(zip(ids, made.rows, strict=True))
    channels.open_rows(
        [
            channels.Opened(pk, row.event_id, row.user_id, row.channel)
            for pk, row in written
            if row.channel != "in_app" and row.hold == NO_HOLD
        ]
    )
    in_feed = [(pk, row) for pk, row in written if row.channel == "in_app"]
    if in_feed:
        # After the commit, when nobody waits for our locks.
        transaction.on_commit(lambda: _push(events, in_feed, inboxes=inboxes, now=now), robust=True)
    return made


def dry_run(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Plan what `notify` would write if it came now; nothing is locked and nothing written. At most five queries."""
    users = sorted(set().union(*audiences.by_event.values()))
    if not users:
        return Plan()
    facts = [_facts(event) for event in events]
    return plan(facts, context.load(facts, audiences, seqs=dict.fromkeys(users, 0), now=now))


def _lock(users: Sequence[int]) -> dict[int, tuple[int, int, str]]:
    """Lock the inboxes of these people in user order, missing ones made; person -> seq, unread count and hours.

    Two queries, three if any is missing.
    """
    wanted = set(users)
    rows = Inbox.objects.filter(user_id__in_set=wanted)
    # Almost everybody has a row, and a conflict costs more than the look that avoids it.
    if missing := sorted(wanted.difference(rows.aggregate(users=Numbers("user_id"))["users"])):
        columns = {"user_id": "bigint"}
        insert_rows("inboxes", columns=columns, rows=[(user,) for user in missing], on_conflict="DO NOTHING")
    locked = rows.select_for_update().order_by("user_id").values_list("user_id", "seq", "unread_count", "hourly")
    return {user: (seq, unread, hourly) for user, seq, unread, hourly in locked}


def _facts(event: Event) -> EventFacts:
    event_type, source = event.event_type, event.source
    return EventFacts(
        event_id=event.pk,
        position=event.position or 0,
        type=TypeFacts(
            event_type.pk,
            event_type.is_critical,
            event_type.is_locked,
            tuple(event_type.default_channels),
            event_type.replaces,
            event_type.updates_quietly,
        ),
        source=(source.type, source.id) if source else None,
        project_id=event.project_id,
        actor_id=event.actor_user_id,
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
}


def _write(rows: Sequence[PlannedRow], *, now: datetime) -> list[int]:
    """Insert the new rows and update the replaced ones in place: two queries. Returns ids in the order of the rows."""
    # No ON CONFLICT, which costs a third more: who has been notified was read under these people's locks. A row that
    # another program puts in meanwhile, without them, fails the batch; its next try reads that row.
    inserted = insert_rows(
        "notifications",
        columns=_INSERTED,
        rows=[_inserted(row, now=now) for row in rows if row.replaces is None],
        returning=("id",),
    )
    # A summary told of the row's last event, not of this one.
    replaced = [
        (row.replaces, row.event_id, row.reason, row.hold, row.seq, row.seq, now, now, None)
        for row in rows
        if row.replaces is not None
    ]
    update_rows("notifications", columns=_REPLACED, rows=replaced)
    # One for each row, in their order, as Django's bulk_create has it too.
    new_ids = iter(inserted)
    return [next(new_ids)[0] if row.replaces is None else row.replaces for row in rows]


def _inserted(row: PlannedRow, *, now: datetime) -> tuple[Any, ...]:
    in_app = row.channel == "in_app"
    # A planned row begins with the first columns, in their order.
    return (*row[:7], row.seq, row.hold_until, now, in_app, now if in_app else None)


_EARLIER = "CASE WHEN inboxes.look_at <= new.until THEN inboxes.look_at ELSE COALESCE(new.until, inboxes.look_at) END"


def _update_inboxes(rows: Sequence[PlannedRow], *, hours: Mapping[int, str], ends: Mapping[int, datetime]) -> None:
    """Raise seq and unread_count by what was written, and write the hours, and their ends as checks: one query."""
    in_feed = [row for row in rows if row.channel == "in_app"]
    shown = Counter([row.user_id for row in in_feed])
    users = sorted(shown.keys() | hours.keys())
    if not users:
        return
    new = Counter([row.user_id for row in in_feed if row.replaces is None])
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


def _push(
    events: Sequence[Event],
    in_feed: Sequence[tuple[int, PlannedRow]],
    *,
    inboxes: Mapping[int, tuple[int, int, str]],
    now: datetime,
) -> None:
    """Hand a frame for each row in the feed to the hubs, which add what all of an event share."""
    hidden = _hidden(events, in_feed)
    hidden_events = {event_id for _user, event_id in hidden}
    without_text = [access.hide(copy(event)) for event in events if event.pk in hidden_events]
    shown = {row.event_id for _pk, row in in_feed}
    shared = {
        -event.pk if event.is_hidden else event.pk: {
            "event": feed.event_json(event),
            "timestamp": instant(event.created_at),
        }
        for event in (*events, *without_text)
        if event.pk in shown
    }
    counts = {user: unread for user, (_seq, unread, _hours) in inboxes.items()}
    stamp, pushes = instant(now), []
    for pk, row in in_feed:
        counts[row.user_id] += row.replaces is None
        own = {
            "id": pk,
            "seq": row.seq,
            "feed_seq": row.seq,
            "reason": row.reason,
            "channel": row.channel,
            "is_read": False,
            "read_at": None,
            "done_at": None,
            "snoozed_until": None,
            "is_delivered": True,
            "delivered_at": stamp,
            "created_at": stamp,
        }
        frame = {"seq": row.seq, "unread_count": counts[row.user_id], "toast": row.toast, "own": own}
        key = -row.event_id if (row.user_id, row.event_id) in hidden else row.event_id
        pushes.append(push.Push(row.user_id, frame, key))
    push.push(pushes, shared=shared)


def _hidden(events: Sequence[Event], in_feed: Sequence[tuple[int, PlannedRow]]) -> set[tuple[int, int]]:
    """Find who (person, event) may not see what an event is about. One query, if the host is asked."""
    sources = {event.pk: event.source for event in events if event.source} if access.is_asked() else {}
    pairs = {
        (row.user_id, row.event_id): (row.user_id, source)
        for _pk, row in in_feed
        if (source := sources.get(row.event_id))
    }
    known = access.answers(set(pairs.values())) if pairs else {}
    return {key for key, pair in pairs.items() if not known.get(pair)}
