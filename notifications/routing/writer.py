"""Notifying people of events: their rows, inboxes, deliveries and frames, in sets, under the locks of their inboxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from events.db import arrays
from events.db.clock import instant
from events.models import Event
from notifications import channels
from notifications.holds import schedule
from notifications.inbox import feed, push
from notifications.routing import context
from notifications.routing.audiences import Audiences
from notifications.routing.plan import NO_HOLD, EventFacts, Plan, PlannedRow, TypeFacts, plan

LOCK_TIMEOUT = "5s"


def notify(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Write what these events mean to their people. The number of queries doesn't depend on how many they are.

    Must run in a transaction; events come in log order with their types and actors. Idempotent: rows that exist are
    left alone, so a replay notifies nobody twice.
    """
    users = sorted(set().union(*audiences.by_event.values()))
    if not users:
        return Plan()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    inboxes = _lock(users)
    facts = [_facts(event) for event in events]
    made = plan(facts, context.load(facts, audiences, seqs=inboxes.seqs, now=now))
    ids = _write(made.rows, now=now)
    _update_inboxes(made.rows)
    if held := {row.user_id for row in made.rows if row.hold != NO_HOLD}:
        schedule.expect(held, now=now)
    _open_deliveries(made.rows, ids=ids)
    in_feed = [(pk, row) for pk, row in zip(ids, made.rows, strict=True) if row.channel == "in_app"]
    if in_feed:
        # After the commit, when nobody waits for our locks.
        transaction.on_commit(lambda: _push(events, in_feed, unread=inboxes.unread, now=now), robust=True)
    return made


def dry_run(events: Sequence[Event], audiences: Audiences, *, now: datetime) -> Plan:
    """Plan what `notify` would write if it came now; nothing is locked and nothing written. At most five queries."""
    users = sorted(set().union(*audiences.by_event.values()))
    if not users:
        return Plan()
    facts = [_facts(event) for event in events]
    return plan(facts, context.load(facts, audiences, seqs=dict.fromkeys(users, 0), now=now))


@dataclass(slots=True)
class _Inboxes:
    """Inboxes as they were when they were locked, by person."""

    seqs: dict[int, int]
    unread: dict[int, int]


def _lock(users: Sequence[int]) -> _Inboxes:
    """Lock the inboxes of these people, in user order, and make missing ones.

    Only those: a conflict costs more than the look that avoids it, and almost everybody has their row.
    """
    these = arrays.Once(users)
    people, params = these.table("user_id")
    is_near, bounds = arrays.between("inboxes.user_id", users)
    is_one, one_of = arrays.among("inboxes.user_id", users)
    for_update = "FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO inboxes (user_id) SELECT user_id FROM {people} AS people "
            f"WHERE NOT EXISTS (SELECT 1 FROM inboxes WHERE inboxes.user_id = people.user_id AND {is_near}) "
            "ORDER BY user_id ON CONFLICT DO NOTHING",
            [*params, *bounds],
        )
        cursor.execute(
            f"SELECT {arrays.joined('user_id')}, {arrays.joined('seq')}, {arrays.joined('unread_count')} FROM ("
            f"SELECT user_id, seq, unread_count FROM inboxes WHERE {is_one} "
            f"ORDER BY user_id {for_update}) AS locked",
            one_of,
        )
        locked, seqs, unread = map(arrays.numbers, cursor.fetchone())
    return _Inboxes(dict(zip(locked, seqs, strict=True)), dict(zip(locked, unread, strict=True)))


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
        ),
        source=(source.type, source.id) if source else None,
        project_id=event.project_id,
        actor_id=event.actor_user_id,
    )


_NEW = {
    "event_id": "bigint",
    "user_id": "bigint",
    "channel": "text",
    "reason": "text",
    "hold": "text",
    "group_key": "text",
    "seq": "bigint",
}
_SURFACED = {
    "row_id": "bigint",
    "event_id": "bigint",
    "reason": "text",
    "hold": "text",
    "seq": "bigint",
}


def _write(rows: Sequence[PlannedRow], *, now: datetime) -> list[int]:
    """Insert the new rows and update the replaced ones in place; returns ids in the order of the rows."""
    fresh = [row for row in rows if row.replaces is None]
    replaced = [row for row in rows if row.replaces is not None]
    stamp = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    at = connection.ops.adapt_datetimefield_value(now)
    written: list[tuple[int]] = []
    with connection.cursor() as cursor:
        if fresh:
            # A row begins with these columns, in this order.
            new, params = arrays.table(_NEW, fresh)
            # No ON CONFLICT, which costs a third more: who has been notified was read under these people's locks. A row
            # that another program puts in meanwhile, without them, fails the batch; its next try reads that row.
            cursor.execute(
                f"INSERT INTO notifications ({', '.join(_NEW)}, feed_seq, created_at, is_delivered, delivered_at) "
                f"SELECT {', '.join(_NEW)}, seq, {stamp}, channel = 'in_app', "
                f"CASE WHEN channel = 'in_app' THEN {stamp} END FROM {new} AS new "
                "RETURNING id",
                [at, at, *params],
            )
            # One for each row, in their order, as Django's bulk_create has it too.
            written = cursor.fetchall()
        if replaced:
            values = [(row.replaces, row.event_id, row.reason, row.hold, row.seq) for row in replaced]
            newer, params = arrays.table(_SURFACED, values)
            cursor.execute(
                "UPDATE notifications SET event_id = newer.event_id, reason = newer.reason, hold = newer.hold, "
                f"seq = newer.seq, feed_seq = newer.seq, created_at = {stamp}, delivered_at = {stamp}, "
                # A summary told of the row's last event, not of this one.
                "summary_id = NULL "
                f"FROM {newer} AS newer WHERE notifications.id = newer.row_id",
                [at, at, *params],
            )
    fresh_ids = iter(written)
    return [next(fresh_ids)[0] if row.replaces is None else row.replaces for row in rows]


def _update_inboxes(rows: Sequence[PlannedRow]) -> None:
    """Raise seq and unread_count by what was written."""
    in_feed = [row for row in rows if row.channel == "in_app"]
    if not in_feed:
        return
    shown = Counter([row.user_id for row in in_feed])
    fresh = Counter([row.user_id for row in in_feed if row.replaces is None])
    users = sorted(shown)
    values = list(zip(users, map(shown.__getitem__, users), map(fresh.__getitem__, users), strict=True))
    changed, params = arrays.table({"user_id": "bigint", "shown": "bigint", "fresh": "bigint"}, values)
    is_near, bounds = arrays.between("inboxes.user_id", users)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inboxes SET seq = inboxes.seq + changed.shown, unread_count = inboxes.unread_count + changed.fresh "
            f"FROM {changed} AS changed WHERE inboxes.user_id = changed.user_id AND {is_near}",
            [*params, *bounds],
        )


def _open_deliveries(rows: Sequence[PlannedRow], *, ids: Sequence[int]) -> None:
    """Open deliveries in this transaction, and wake their channels after its commit."""
    opened = [
        channels.Opened(pk, row.event_id, row.user_id, row.channel)
        for pk, row in zip(ids, rows, strict=True)
        if row.channel != "in_app" and row.hold == NO_HOLD
    ]
    if opened and (names := channels.open_rows(opened)):
        transaction.on_commit(lambda: channels.wake(names), robust=True)


def _push(
    events: Sequence[Event], in_feed: Sequence[tuple[int, PlannedRow]], *, unread: Mapping[int, int], now: datetime
) -> None:
    """Hand a frame for each row in the feed to the hubs, which add what all of an event share."""
    shown = {row.event_id for _pk, row in in_feed}
    shared = {
        event.pk: {"event": feed.event_json(event), "timestamp": instant(event.created_at)}
        for event in events
        if event.pk in shown
    }
    counts, stamp, pushes = dict(unread), instant(now), []
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
            "is_delivered": True,
            "delivered_at": stamp,
            "created_at": stamp,
        }
        frame = {"seq": row.seq, "unread_count": counts[row.user_id], "toast": row.toast, "own": own}
        pushes.append(push.Push(row.user_id, frame, row.event_id))
    push.push(pushes, shared=shared)
