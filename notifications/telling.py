"""Telling people of events: their rows, inboxes, deliveries and frames, in sets, under the locks of their inboxes."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from events import channel_names, sets
from events.models import Event, Membership
from notifications import audiences, channels, feed, frames, hub_link, looks, quiet
from notifications.models import Inbox, Notification, NotificationPreference, UserNotificationSettings
from notifications.plan import NO_HOLD, Choice, Fact, Kind, Known, Plan, Row, Standing, plan

LOCK_TIMEOUT = "5s"


def tell(events: Sequence[Event], evaluated: audiences.Evaluated, *, now: datetime) -> Plan:
    """Write what these events mean to these people. The number of queries doesn't depend on how many they are.

    Must run in a transaction; events come in log order with their types and actors. Telling is idempotent: rows that
    exist are left alone, so a replay tells nobody twice.
    """
    users = sorted({user for people in evaluated.by_event.values() for user in people})
    if not users:
        return Plan()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    inboxes = _lock(sets.Once(users))
    facts = [_fact(event) for event in events]
    known = _load(facts, evaluated, inboxes=inboxes, now=now)
    made = plan(facts, known)
    ids = _write(made.rows, now=now)
    _update_inboxes(made.rows, ids=ids)
    if held := {row.user_id for row in made.rows if row.hold != NO_HOLD}:
        looks.expect(held, now=now)
    _announce(events, made.rows, ids=ids, inboxes=inboxes, now=now)
    return made


def rehearse(events: Sequence[Event], evaluated: audiences.Evaluated, *, now: datetime) -> Plan:
    """What `tell` would decide if it came now: nothing is locked and nothing written. At most five queries."""
    users = sorted({user for people in evaluated.by_event.values() for user in people})
    if not users:
        return Plan()
    facts = [_fact(event) for event in events]
    return plan(facts, _load(facts, evaluated, inboxes=dict.fromkeys(users, (0, 0)), now=now))


Inboxes = dict[int, tuple[int, int]]
RowKey = tuple[int, int, str]


def _lock(users: sets.Once) -> Inboxes:
    """person -> (seq, unread_count), locked in user order. Missing rows are made.

    Only those: a conflict costs more than the look that avoids it, and almost everybody has their row.
    """
    people, params = users.table("user_id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO inboxes (user_id) SELECT user_id FROM {people} AS people "
            "WHERE NOT EXISTS (SELECT 1 FROM inboxes WHERE inboxes.user_id = people.user_id) "
            "ORDER BY user_id ON CONFLICT DO NOTHING",
            params,
        )
    rows = Inbox.objects.select_for_update().filter(user_id__in_set=users).order_by("user_id")
    return {user: (seq, unread) for user, seq, unread in rows.values_list("user_id", "seq", "unread_count")}


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


def _load(facts: Sequence[Fact], evaluated: audiences.Evaluated, *, inboxes: Inboxes, now: datetime) -> Known:
    """All that the plan asks for, read after the locks: at most five queries."""
    users = list(inboxes)
    # The bounds let a chunk of a great audience read its own range of an index, not everybody's rows.
    bounds = {"user_id__gte": users[0], "user_id__lte": users[-1]}
    theirs = {"user_id__in_set": sets.Once(users), **bounds}
    types = {fact.kind.type_id for fact in facts}
    choices = NotificationPreference.objects.filter(event_type_id__in_set=types, **theirs)
    settings = UserNotificationSettings.objects.filter(**theirs)
    projects = {fact.project_id for fact in facts if fact.project_id is not None}
    members = Membership.objects.filter(entity_type="project", entity_id__in_set=projects, **theirs)
    told = Notification.objects.filter(event_id__in_set=[fact.event_id for fact in facts], **bounds)
    keys = {key for fact in facts if (key := fact.group_key)}
    return Known(
        audience=evaluated.by_event,
        seqs={user: seq for user, (seq, _unread) in inboxes.items()},
        channels=channel_names.known(),
        choices={
            (user, kind): _choice(is_enabled, names, scope)
            for user, kind, is_enabled, names, scope in choices.annotate(
                names=Cast("channels", TextField())
            ).values_list("user_id", "event_type_id", "is_enabled", "names", "scope")
        },
        holds={row.user_id: quiet.hold_now(row, now=now).value for row in settings},
        owners=evaluated.owners,
        unscoped=evaluated.addressed_as_admin,
        project_members=set(members.values_list("entity_id", "user_id")) if projects else set(),
        told=set(told.values_list("event_id", "user_id", "channel")),
        standing=_standing(theirs, keys=keys) if keys else {},
    )


@functools.lru_cache(maxsize=4096)
def _choice(is_enabled: bool, names: str, scope: str) -> Choice:
    """Most people chose one of a few combinations. Other programs write preferences too: what is no list names no
    channel, and stops nobody else's notification."""
    value = json.loads(names)
    known = tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()
    return Choice(is_enabled, known, scope)


def _standing(theirs: dict[str, Any], *, keys: Collection[str]) -> dict[tuple[int, str], list[Standing]]:
    found: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    rows = Notification.objects.filter(group_key__in_set=keys, channel="in_app", **theirs)
    columns = ("user_id", "group_key", "id", "event__position", "is_read", "event__event_type_id")
    for user, key, row_id, position, is_read, type_id in rows.values_list(*columns):
        found[user, key].append(Standing(row_id, position, is_read, type_id))
    return found


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


def _write(rows: Sequence[Row], *, now: datetime) -> dict[RowKey, int]:
    """Insert the new rows, update the replaced ones in place; the ids of what was really written."""
    fresh = [row for row in rows if row.replaces is None]
    replaced = [row for row in rows if row.replaces is not None]
    stamp = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    at = connection.ops.adapt_datetimefield_value(now)
    written: dict[RowKey, int] = {}
    with connection.cursor() as cursor:
        if fresh:
            # A row begins with these columns, in this order.
            new, params = sets.table(_NEW, [row[: len(_NEW)] for row in fresh])
            # No ON CONFLICT, which costs a third more: who has been told was read under these people's locks. A row
            # that another program puts in meanwhile, without them, fails the batch; its next try reads that row.
            cursor.execute(
                f"INSERT INTO notifications ({', '.join(_NEW)}, feed_seq, created_at, is_delivered, delivered_at) "
                f"SELECT {', '.join(_NEW)}, seq, {stamp}, channel = 'in_app', "
                f"CASE WHEN channel = 'in_app' THEN {stamp} END FROM {new} AS new "
                "RETURNING id, event_id, user_id, channel",
                [at, at, *params],
            )
            written = {(event, user, channel): pk for pk, event, user, channel in cursor.fetchall()}
        if replaced:
            values = [(row.replaces, row.event_id, row.reason, row.hold, row.seq) for row in replaced]
            newer, params = sets.table(_SURFACED, values)
            cursor.execute(
                "UPDATE notifications SET event_id = newer.event_id, reason = newer.reason, hold = newer.hold, "
                f"seq = newer.seq, feed_seq = newer.seq, created_at = {stamp}, delivered_at = {stamp}, "
                # A summary told of the row's last event, not of this one.
                "summary_id = NULL "
                f"FROM {newer} AS newer WHERE notifications.id = newer.row_id",
                [at, at, *params],
            )
    return written | {(row.event_id, row.user_id, row.channel): row.replaces or 0 for row in replaced}


def _update_inboxes(rows: Sequence[Row], *, ids: dict[RowKey, int]) -> None:
    """Raise seq and unread_count by what was really written."""
    changes: dict[int, tuple[int, int]] = {}
    for row in rows:
        if row.channel == "in_app" and (row.event_id, row.user_id, row.channel) in ids:
            _seq, fresh = changes.get(row.user_id, (0, 0))
            changes[row.user_id] = (row.seq, fresh + (row.replaces is None))
    if not changes:
        return
    values = [(user, seq, fresh) for user, (seq, fresh) in sorted(changes.items())]
    changed, params = sets.table({"user_id": "bigint", "seq": "bigint", "fresh": "bigint"}, values)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inboxes SET seq = changed.seq, unread_count = inboxes.unread_count + changed.fresh "
            f"FROM {changed} AS changed WHERE inboxes.user_id = changed.user_id",
            params,
        )


def _announce(
    events: Sequence[Event], rows: Sequence[Row], *, ids: dict[RowKey, int], inboxes: Inboxes, now: datetime
) -> None:
    """Deliveries in this transaction; frames and wake-ups after its commit, when nobody waits for our locks."""
    opened = [
        channels.Opened(ids[key], row.event_id, row.user_id, row.channel)
        for row in rows
        if row.channel != "in_app" and row.hold == "none" and (key := (row.event_id, row.user_id, row.channel)) in ids
    ]
    if opened and (names := channels.open_rows(opened)):
        transaction.on_commit(lambda: channels.wake(names), robust=True)
    shown = [row for row in rows if row.channel == "in_app" and (row.event_id, row.user_id, row.channel) in ids]
    if shown:
        transaction.on_commit(lambda: _push(events, shown, ids=ids, inboxes=inboxes, now=now), robust=True)


def _push(
    events: Sequence[Event], shown: Sequence[Row], *, ids: dict[RowKey, int], inboxes: Inboxes, now: datetime
) -> None:
    """A frame for each row: what is this person's; the hubs add what all share."""
    unread = {user: count for user, (_seq, count) in inboxes.items()}
    stamp = frames.instant(now)
    pushes = []
    for row in shown:
        unread[row.user_id] += row.replaces is None
        own = {
            "id": ids[row.event_id, row.user_id, row.channel],
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
        frame = {"seq": row.seq, "unread_count": unread[row.user_id], "toast": row.toast, "own": own}
        pushes.append(hub_link.Push(row.user_id, frame, row.event_id))
    told = {row.event_id for row in shown}
    shared = {
        event.pk: {"event": feed.event_json(event), "timestamp": frames.instant(event.created_at)}
        for event in events
        if event.pk in told
    }
    hub_link.push(pushes, shared=shared)
