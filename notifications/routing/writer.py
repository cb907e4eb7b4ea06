"""Telling people of events: their rows, inboxes, deliveries and frames, in sets, under the locks of their inboxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from events.db import arrays
from events.db.clock import instant
from events.models import Event
from notifications import channels
from notifications.holds import schedule
from notifications.inbox import feed, push
from notifications.routing import audiences, context
from notifications.routing.plan import NO_HOLD, Fact, Kind, Plan, Row, plan

LOCK_TIMEOUT = "5s"


def tell(events: Sequence[Event], evaluated: audiences.Evaluated, *, now: datetime) -> Plan:
    """Write what these events mean to these people. The number of queries doesn't depend on how many they are.

    Must run in a transaction; events come in log order with their types and actors. Telling is idempotent: rows that
    exist are left alone, so a replay tells nobody twice.
    """
    users = sorted(set().union(*evaluated.by_event.values()))
    if not users:
        return Plan()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    inboxes = _lock(users)
    facts = [_fact(event) for event in events]
    known = context.load(facts, evaluated, seqs=inboxes.seqs, now=now)
    made = plan(facts, known)
    ids = _write(made.rows, now=now)
    _update_inboxes(made.rows)
    if held := {row.user_id for row in made.rows if row.hold != NO_HOLD}:
        schedule.expect(held, now=now)
    _announce(events, made.rows, ids=ids, inboxes=inboxes, now=now)
    return made


def rehearse(events: Sequence[Event], evaluated: audiences.Evaluated, *, now: datetime) -> Plan:
    """What `tell` would decide if it came now: nothing is locked and nothing written. At most four queries."""
    users = sorted(set().union(*evaluated.by_event.values()))
    if not users:
        return Plan()
    facts = [_fact(event) for event in events]
    return plan(facts, context.load(facts, evaluated, seqs=dict.fromkeys(users, 0), now=now))


@dataclass(slots=True)
class _Inboxes:
    """As they were when they were locked. `seqs`: person -> seq."""

    seqs: dict[int, int]
    unread: str

    def unread_counts(self) -> dict[int, int]:
        """person -> unread count; read when it is needed, after the commit."""
        return dict(zip(self.seqs, arrays.numbers(self.unread), strict=True))


def _lock(users: Sequence[int]) -> _Inboxes:
    """Those of these people, locked in user order. Missing rows are made.

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
        found, joined_seqs, unread = cursor.fetchone()
    seqs = arrays.numbers(joined_seqs)
    # Somebody may have been deleted by now.
    these_users = users if len(seqs) == len(users) else arrays.numbers(found)
    return _Inboxes(dict(zip(these_users, seqs, strict=True)), unread)


def _fact(event: Event) -> Fact:
    kind = event.event_type
    source = event.source
    return Fact(
        event_id=event.pk,
        position=event.position or 0,
        kind=Kind(kind.pk, kind.is_critical, kind.is_locked, tuple(kind.default_channels), kind.replaces),
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


def _write(rows: Sequence[Row], *, now: datetime) -> list[int]:
    """Insert the new rows, update the replaced ones in place; their ids, in the order of the rows."""
    fresh = [row for row in rows if row.replaces is None]
    replaced = [row for row in rows if row.replaces is not None]
    stamp = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    at = connection.ops.adapt_datetimefield_value(now)
    written: list[tuple[int]] = []
    with connection.cursor() as cursor:
        if fresh:
            # A row begins with these columns, in this order.
            new, params = arrays.table(_NEW, fresh)
            # No ON CONFLICT, which costs a third more: who has been told was read under these people's locks. A row
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


def _update_inboxes(rows: Sequence[Row]) -> None:
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


def _announce(
    events: Sequence[Event], rows: Sequence[Row], *, ids: Sequence[int], inboxes: _Inboxes, now: datetime
) -> None:
    """Deliveries in this transaction; frames and wake-ups after its commit, when nobody waits for our locks."""
    opened = [
        channels.Opened(pk, row.event_id, row.user_id, row.channel)
        for pk, row in zip(ids, rows, strict=True)
        if row.channel != "in_app" and row.hold == NO_HOLD
    ]
    if opened and (names := channels.open_rows(opened)):
        transaction.on_commit(lambda: channels.wake(names), robust=True)
    if any(row.channel == "in_app" for row in rows):
        transaction.on_commit(lambda: _push(events, rows, ids=ids, inboxes=inboxes, now=now), robust=True)


def _push(
    events: Sequence[Event], rows: Sequence[Row], *, ids: Sequence[int], inboxes: _Inboxes, now: datetime
) -> None:
    """To the hubs, which add to each frame what all of an event share."""
    told = {row.event_id for row in rows if row.channel == "in_app"}
    shared = {
        event.pk: {"event": feed.event_json(event), "timestamp": instant(event.created_at)}
        for event in events
        if event.pk in told
    }
    push.push(_pushes(rows, ids=ids, inboxes=inboxes, now=now), shared=shared)


def _pushes(rows: Sequence[Row], *, ids: Sequence[int], inboxes: _Inboxes, now: datetime) -> Iterator[push.Push]:
    """A frame for each row in the feed: what is this person's."""
    counts = inboxes.unread_counts()
    stamp = instant(now)
    for pk, row in zip(ids, rows, strict=True):
        if row.channel != "in_app":
            continue
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
        yield push.Push(row.user_id, frame, row.event_id)
