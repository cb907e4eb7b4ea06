"""Facts from the database when all has come to rest, by SQL of the harness's own: no code of the product reads here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, LiteralString

from tests.chaos.postgres_server import PostgresServer


@dataclass(frozen=True)
class Event:
    """Event that the harness published."""

    pk: int
    name: str
    position: int | None
    type: str
    actor: int | None


@dataclass(frozen=True)
class Row:
    pk: int
    event: int
    user: int
    channel: str
    seq: int
    is_read: bool


@dataclass(frozen=True)
class Delivery:
    """`target`: path of the URL, or mail address. `uncertain`: attempts after which it may have arrived unnoticed."""

    pk: int
    row: int
    kind: str
    target: str
    state: str
    reason: str
    attempts: int
    uncertain: int


@dataclass
class Facts:
    """`positions`: of all events, the harness's or not. `addresses`: (user, kind) -> targets."""

    positions: list[int | None]
    head: int
    events: list[Event]
    noted: dict[int, str]
    rows: list[Row]
    inboxes: dict[int, tuple[int, int]]
    deliveries: list[Delivery]
    addresses: dict[tuple[int, str], list[str]]
    chosen: dict[tuple[int, str], list[str]]
    watchers: set[int]
    parked: list[str] = field(default_factory=list)


_NAME: LiteralString = "coalesce(e.payload->>'name', e.payload->>'text', '')"
_EVENTS: LiteralString = f"""
SELECT e.id, {_NAME}, e.position, t.name, e.actor_user_id
FROM events e JOIN event_types t ON t.id = e.event_type_id WHERE {_NAME} LIKE 'chaos%%' ORDER BY e.id
"""
_ROWS: LiteralString = "SELECT id, event_id, user_id, channel, seq, is_read FROM notifications ORDER BY id"
_TARGET: LiteralString = """
CASE a.kind WHEN 'webhook' THEN regexp_replace(a.target, '^http://[^/]*', '') ELSE a.target END
"""
_DELIVERIES: LiteralString = f"""
SELECT d.id, d.notification_id, d.kind, {_TARGET}, d.state, d.reason, count(t.id),
       count(t.id) FILTER (WHERE t.outcome IN ('unknown', 'superseded') OR t.reason IN ('answer_lost', 'timeout'))
FROM deliveries d JOIN notification_channels a ON a.id = d.channel_id
LEFT JOIN delivery_attempts t ON t.delivery_id = d.id
WHERE d.notification_id IS NOT NULL GROUP BY d.id, a.id ORDER BY d.id
"""
_ADDRESSES: LiteralString = f"SELECT a.user_id, a.kind, {_TARGET} FROM notification_channels a ORDER BY a.id"
_CHOSEN: LiteralString = """
SELECT p.user_id, t.name, p.channels FROM notification_preferences p JOIN event_types t ON t.id = p.event_type_id
"""
_OUTSTANDING: LiteralString = """
SELECT (SELECT count(*) FROM events WHERE position IS NULL)
     + (SELECT l.position - s.position FROM log_head l, subscribers s WHERE s.name = 'notifications')
     + (SELECT count(*) FROM fanouts) + (SELECT count(*) FROM parked_events WHERE retry_at IS NOT NULL),
       (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending'))
"""


def load(postgres: PostgresServer) -> Facts:
    sql = postgres.sql
    addresses: dict[tuple[int, str], list[str]] = {}
    for user, kind, target in sql(_ADDRESSES):
        addresses.setdefault((user, kind), []).append(target)
    return Facts(
        positions=[position for (position,) in sql("SELECT position FROM events ORDER BY position")],
        head=_one(sql("SELECT position FROM log_head")),
        events=[Event(*columns) for columns in sql(_EVENTS)],
        noted=dict(sql("SELECT event_id, name FROM chaos_published")),
        rows=[Row(*columns) for columns in sql(_ROWS)],
        inboxes={user: (seq, unread) for user, seq, unread in sql("SELECT user_id, seq, unread_count FROM inboxes")},
        deliveries=[Delivery(*columns) for columns in sql(_DELIVERIES)],
        addresses=addresses,
        chosen={(user, name): channels for user, name, channels in sql(_CHOSEN)},
        watchers={user for (user,) in sql("SELECT user_id FROM memberships WHERE role = 'watcher'")},
        parked=[str(error) for (error,) in sql("SELECT error FROM parked_events")],
    )


def outstanding(postgres: PostgresServer) -> tuple[int, int]:
    """Count what isn't routed yet, and what isn't delivered yet."""
    [[unrouted, undelivered]] = postgres.sql(_OUTSTANDING)
    return unrouted, undelivered


def _one(rows: list[tuple[Any, ...]]) -> int:
    [[value]] = rows
    return int(value)
