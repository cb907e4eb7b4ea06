"""Positions: the numbers by which readers follow the log.

They come from the head row, under its lock: never from max+1 (which restarts after pruning) nor from a sequence
(which leaves holes and runs ahead of commits). No event ever appears below a position that a reader has seen.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.dispatch import Signal

from events.db.aggregates import numbers_of
from events.db.arrays import Condition, any_of
from events.db.errors import is_lock_timeout
from events.db.rows import values_table
from events.db.session import set_local
from events.dispatch import fairness, live_stream, pace, subscribers
from events.entities import Source
from events.log import ownership, reader
from events.models import Event, LogHead
from events.transport import outages, tracing

BATCH = 1000

# Sent once events are numbered and committed: `events`, a list in log order with their types loaded.
event_published = Signal()

_NUMBERED = """
RETURNING id, position, actor_user_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM event_types WHERE event_types.id = events.event_type_id AND actor_becomes_owner
), source_entity_key
"""
# Nothing at all where more wait than there is room for.
_NUMBER_ALL = f"""
UPDATE events SET position = %s + fresh.place FROM (
    SELECT event_id, row_number() OVER (ORDER BY event_id) AS place, count(*) OVER () AS waiting FROM (
        SELECT id AS event_id FROM events WHERE position IS NULL {{without}} ORDER BY publisher, id LIMIT %s
    ) AS first
) AS fresh WHERE fresh.waiting <= %s AND events.id = fresh.event_id {_NUMBERED}
"""
_NUMBER_THESE = f"""
UPDATE events SET position = %s + fresh.place FROM {{fresh}} AS fresh WHERE events.id = fresh.event_id {_NUMBERED}
"""
_WITHOUT = """
AND NOT EXISTS (
    SELECT 1 FROM {blocked} AS blocked WHERE blocked.kind = source_entity_type
    AND (blocked.number = source_entity_id OR blocked.key = source_entity_key)
)
"""
# From publisher to publisher: a step of the index each, however much one has waiting.
_PUBLISHERS = """
WITH RECURSIVE waiting (publisher) AS (
    SELECT (SELECT publisher FROM events WHERE position IS NULL ORDER BY publisher LIMIT 1)
    UNION ALL
    SELECT (
        SELECT publisher FROM events
        WHERE position IS NULL AND publisher > waiting.publisher ORDER BY publisher LIMIT 1
    ) FROM waiting WHERE publisher IS NOT NULL
) SELECT publisher FROM waiting WHERE publisher IS NOT NULL
"""
# A range of one: only the index of the unnumbered has its order.
_QUEUE = """
SELECT id FROM events
WHERE position IS NULL AND publisher BETWEEN waiting.publisher AND waiting.publisher {without}
ORDER BY publisher, id LIMIT %s
"""
# Events of whose source an earlier one stays behind.
_EARLIER = """
    SELECT earlier.id FROM events earlier WHERE earlier.position IS NULL
    AND earlier.source_entity_type = events.source_entity_type AND earlier.source_entity_{0} = events.source_entity_{0}
    AND earlier.id BETWEEN %s AND events.id - 1 AND NOT ({{is_one_too}}) ORDER BY earlier.id LIMIT 1
"""
_OVERTAKING = f"""
SELECT id FROM events WHERE {{is_one}} AND id > %s AND CASE WHEN source_entity_key IS NULL
THEN ({_EARLIER.format("id")}) ELSE ({_EARLIER.format("key")}) END IS NOT NULL
"""
# Walk along the indexes: what statistics say of how many events are unnumbered is of another time.
_PLANS = {"enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}


@dataclass(frozen=True, slots=True)
class Numbered:
    """`is_all`: nothing that was visible waits any more. `is_held`: nothing was numbered, for readers to catch up."""

    count: int
    is_all: bool = True
    is_held: bool = False


def has_unnumbered() -> bool:
    """Look into a partial index for unnumbered events: one query, no lock."""
    return Event.objects.filter(position=None).exists()


def number(*, limit: int = BATCH, announced: list[Event] | None = None, is_long: bool = False) -> Numbered:
    """Number visible unnumbered events, at most `limit`, in one short transaction.

    `announced`: a list that gets the events, with types and actors, once they are committed. `is_long`: more wait than
    `limit`, as the batch before has found.

    Where more wait, each publisher gets its turn, in the order of its events; but no event is numbered before an
    earlier one about its source, whoever published that. A second worker waits for the head's lock instead of giving
    up: what it was woken for may have committed after the first one looked.

    Whoever publishes a type with `actor_becomes_owner` owns its source from here on, before any subscriber sees the
    event. Where an open transaction is about that same tie, the events of that source wait for it, unnumbered; all
    others don't.
    """
    try:
        with transaction.atomic():
            return _number(_locked_head(), limit=limit, blocked=set(), announced=announced, is_long=is_long)
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        outages.note(__name__, "events wait: open transactions tie people to their sources", error, in_a_line=True)
    with transaction.atomic():
        head = _locked_head()
        owning = Event.objects.filter(position=None, event_type__actor_becomes_owner=True, actor_user__isnull=False)
        blocked = ownership.blocked_sources(owning.order_by("pk")[:limit])
        return _number(head, limit=limit, blocked=blocked, announced=announced, is_long=is_long)


def number_these(ids: Sequence[int]) -> list[Event]:
    """Number these alone, in their order, whatever else waits; announced to nobody. With types and actors."""
    with transaction.atomic():
        _take_places(_numbered(ids, head=_locked_head()))
    return reader.in_log_order(ids)


def _locked_head() -> int:
    return LogHead.objects.select_for_update().get(pk=1).position


def _number(head: int, *, limit: int, blocked: set[Source], announced: list[Event] | None, is_long: bool) -> Numbered:
    if (reader := pace.slowest(head=head)) is not None:
        if head > reader.position + reader.batch_size:
            return Numbered(0, is_all=False, is_held=True)
        limit = min(limit, reader.batch_size)
    without = _without(blocked)
    rows = []
    if not is_long:
        rows = _fetched(_NUMBER_ALL.format(without=without[0]), [head, *without[1], limit + 1, limit])
    is_all = bool(rows)
    if not rows and (ids := _in_turns(limit, without=without)):
        rows = _numbered(ids, head=head)
    if not rows:
        return Numbered(0)
    _take_places(rows)
    ids = sorted(pk for pk, *_ in rows)
    # No partial: it has no __qualname__, on which Django's robust hooks trip when they log a failure.
    transaction.on_commit(lambda: _announce(ids, to=announced), robust=True)
    return Numbered(len(ids), is_all=is_all)


def _numbered(ids: Sequence[int], *, head: int) -> list[tuple[Any, ...]]:
    fresh, params = values_table(
        {"event_id": "bigint", "place": "bigint"}, [(pk, place) for place, pk in enumerate(ids, 1)]
    )
    return _fetched(_NUMBER_THESE.format(fresh=fresh), [head, *params])


def _take_places(rows: Sequence[tuple[Any, ...]]) -> None:
    """Make owners of whose events have just got these numbers, and move the log's head."""
    for half in ("id", "key"):
        is_text = half == "key"
        if owning := [pk for pk, _, is_owning, key in rows if is_owning and (key is not None) == is_text]:
            ownership.give(owning, half=half)
    # Not the count: an event that was deleted meanwhile leaves a hole below the last number.
    LogHead.objects.filter(pk=1).update(position=max(position for _, position, *_ in rows))


def _in_turns(limit: int, *, without: Condition) -> list[int]:
    """The events that come next where more wait than there is room for. At most four queries."""
    set_local(**_PLANS)
    publishers = [publisher for (publisher,) in _fetched(_PUBLISHERS, [])]
    if not publishers:
        return []
    depth = fairness.depth(len(publishers), room=limit)
    waiting, params = values_table({"publisher": "text"}, [(publisher,) for publisher in publishers])
    queue = numbers_of(_QUEUE.format(without=without[0]))
    texts = _fetched(f"SELECT {queue} FROM {waiting} AS waiting", [*without[1], depth, *params])
    queues: list[list[int]] = [json.loads(f"[{text or ''}]") for (text,) in texts]
    ids, left = fairness.take([queue for queue in queues if queue], room=limit, depth=depth)
    if not ids or ids[-1] <= left:
        return ids
    is_one, these = any_of("id", ids)
    is_one_too, _ = any_of("earlier.id", ids)
    sql = _OVERTAKING.format(is_one=is_one, is_one_too=is_one_too)
    overtaking = {event_id for (event_id,) in _fetched(sql, [*these, left, *([left, *these] * 2)])}
    return [event_id for event_id in ids if event_id not in overtaking]


def _without(blocked: set[Source]) -> Condition:
    if not blocked:
        return "", []
    halves = [(kind, key, None) if isinstance(key, int) else (kind, None, key) for kind, key in blocked]
    barred, params = values_table({"kind": "text", "number": "bigint", "key": "text"}, halves)
    return _WITHOUT.format(blocked=barred), params


def _fetched(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _announce(ids: list[int], *, to: list[Event] | None) -> None:
    """Announce numbered events: here by signal, to all processes by the live stream, to leased subscribers by hints."""
    events = reader.in_log_order(ids)
    tracing.record("carillon.number", events)
    if to is not None:
        to += events
    subscribers.wake({event.event_type.name for event in events})
    event_published.send_robust(sender=Event, events=events)
    live_stream.broadcast(events)
