"""Positions: the numbers by which readers follow the log.

They come from the head row, under its lock: never from max+1 (which restarts after pruning) nor from a sequence
(which leaves holes and runs ahead of commits). No event ever appears below a position that a reader has seen.
"""

import logging
import time

from django.db import OperationalError, connection, transaction
from django.dispatch import Signal

from events.db.errors import is_lock_timeout
from events.db.rows import values_table
from events.dispatch import live_stream, subscribers
from events.log import ownership, reader
from events.models import Event, LogHead

logger = logging.getLogger(__name__)

BATCH = 1000
# A worker that is told to stop waits for its task.
LONGEST_SECONDS = 10.0

# Sent once events are numbered and committed: `events`, a list in log order with their types loaded.
event_published = Signal()

_NUMBER = """
UPDATE events SET position = %s + fresh.place FROM (
    SELECT id AS event_id, row_number() OVER (ORDER BY id) AS place
    FROM events WHERE position IS NULL {without} ORDER BY id LIMIT %s
) AS fresh WHERE events.id = fresh.event_id RETURNING id, position, actor_user_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM event_types WHERE event_types.id = events.event_type_id AND actor_becomes_owner
)
"""
_WITHOUT = """
AND NOT EXISTS (
    SELECT 1 FROM {blocked} AS blocked WHERE blocked.kind = source_entity_type AND blocked.number = source_entity_id
)
"""


def has_unnumbered() -> bool:
    """Look into a partial index for unnumbered events: one query, no lock."""
    return Event.objects.filter(position=None).exists()


def number(*, limit: int = BATCH, announced: list[Event] | None = None) -> int:
    """Number the visible unnumbered events, at most `limit`, in one short transaction; how many.

    `announced`: a list that gets the events, with types and actors, once they are committed.

    A second worker waits for the head's lock instead of giving up: what it was woken for may have committed after the
    first one looked. Whoever publishes a type with `actor_becomes_owner` owns its source from here on, before any
    subscriber sees the event. Where an open transaction is about that same tie, the events of that source wait for it,
    unnumbered; all others don't.
    """
    try:
        with transaction.atomic():
            return _number(_locked_head(), limit=limit, blocked=set(), announced=announced)
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
    with transaction.atomic():
        head = _locked_head()
        owning = Event.objects.filter(position=None, event_type__actor_becomes_owner=True, actor_user__isnull=False)
        blocked = ownership.blocked_sources(owning.order_by("pk")[:limit])
        logger.warning("events of %d source(s) wait: open transactions tie the same people to them", len(blocked))
        return _number(head, limit=limit, blocked=blocked, announced=announced)


def _locked_head() -> int:
    return LogHead.objects.select_for_update().get(pk=1).position


def _number(head: int, *, limit: int, blocked: set[ownership.Source], announced: list[Event] | None) -> int:
    barred, params = values_table({"kind": "text", "number": "bigint"}, blocked)
    without = _WITHOUT.format(blocked=barred) if blocked else ""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER.format(without=without), [head, *(params if blocked else ()), limit])
        rows = cursor.fetchall()
    if not rows:
        return 0
    if owning := [pk for pk, _, is_owning in rows if is_owning]:
        ownership.give(owning)
    # Not the count: an event that was deleted meanwhile leaves a hole below the last number.
    LogHead.objects.filter(pk=1).update(position=max(position for _, position, _ in rows))
    ids = sorted(pk for pk, _, _ in rows)
    # No partial: it has no __qualname__, on which Django's robust hooks trip when they log a failure.
    transaction.on_commit(lambda: _announce(ids, to=announced), robust=True)
    return len(ids)


def number_all(*, announced: list[Event] | None = None) -> int:
    """Number until nothing visible is left or LONGEST_SECONDS are over, when the next sweep goes on; how many."""
    total, end = 0, time.monotonic() + LONGEST_SECONDS
    while fresh := number(announced=announced):
        total += fresh
        if fresh < BATCH or time.monotonic() > end:
            break
    return total


def _announce(ids: list[int], *, to: list[Event] | None) -> None:
    """Announce numbered events: here by signal, to all processes by the live stream, to leased subscribers by hints."""
    events = reader.in_log_order(ids)
    if to is not None:
        to += events
    subscribers.wake({event.event_type.name for event in events})
    event_published.send_robust(sender=Event, events=events)
    live_stream.broadcast(events)
