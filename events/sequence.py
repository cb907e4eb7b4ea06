"""Positions: the numbers by which readers follow the log.

They come from the head row, under its lock: never from max+1 (which restarts after pruning) nor from a sequence
(which leaves holes and runs ahead of commits). No event ever appears below a position that a reader has seen.
"""

from __future__ import annotations

import time

from django.db import connection, transaction
from django.dispatch import Signal

from events import hints, live, sets, subscribers
from events.models import Event, LogHead

BATCH = 1000
# A worker that is told to stop waits for its task.
TURN = 10.0

# Sent once events are numbered and committed: `events`, a list in log order with their types loaded.
event_published = Signal()

_NUMBER = """
UPDATE events SET position = %s + fresh.place FROM (
    SELECT id AS event_id, row_number() OVER (ORDER BY id) AS place
    FROM events WHERE position IS NULL ORDER BY id LIMIT %s
) AS fresh WHERE events.id = fresh.event_id RETURNING id, position
"""
_OWN = """
INSERT INTO memberships (entity_type, entity_id, user_id, role)
SELECT DISTINCT e.source_entity_type, e.source_entity_id, e.actor_user_id, 'owner'
FROM events e JOIN event_types t ON t.id = e.event_type_id
WHERE e.id IN (SELECT event_id FROM {numbered} AS numbered) AND t.actor_becomes_owner
  AND e.actor_user_id IS NOT NULL AND e.source_entity_type IS NOT NULL AND e.source_entity_id IS NOT NULL
ON CONFLICT (entity_type, entity_id, user_id) DO UPDATE SET role = 'owner'
"""


def has_unnumbered() -> bool:
    """One look at a partial index; takes no lock."""
    return Event.objects.filter(position=None).exists()


def number(*, limit: int = BATCH) -> int:
    """Number the visible unnumbered events, at most `limit`, in one short transaction; how many.

    A second worker waits for the head's lock instead of giving up: what it was woken for may have committed after the
    first one looked. Whoever publishes a type with `actor_becomes_owner` owns its source from here on: exactly once
    for each event, and before any subscriber sees it.
    """
    with transaction.atomic():
        head = LogHead.objects.select_for_update().get(pk=1)
        with connection.cursor() as cursor:
            cursor.execute(_NUMBER, [head.position, limit])
            numbered_now = dict(cursor.fetchall())
            if not numbered_now:
                return 0
            ids = sorted(numbered_now)
            numbered, params = sets.table({"event_id": "bigint"}, [(pk,) for pk in ids])
            cursor.execute(_OWN.format(numbered=numbered), params)
        # Not the count: an event that was deleted meanwhile leaves a hole below the last number.
        LogHead.objects.filter(pk=1).update(position=max(numbered_now.values()))
        # No partial: it has no __qualname__, on which Django's robust hooks trip when they log a failure.
        transaction.on_commit(lambda: _announce(ids), robust=True)
    return len(ids)


def number_all() -> int:
    """Until nothing is left that was visible, or its turn is over: then the next sweep goes on. How many."""
    total, end = 0, time.monotonic() + TURN
    while fresh := number():
        total += fresh
        if fresh < BATCH or time.monotonic() > end:
            break
    return total


def _announce(ids: list[int]) -> None:
    """To this process by signal, to all by the live stream, to the durable subscribers by hints."""
    for name in subscribers.names():
        hints.send(subscribers.CATCH_UP_TASK, name)
    events = list(Event.objects.filter(pk__in_set=ids).select_related("event_type", "actor_user").order_by("position"))
    event_published.send_robust(sender=Event, events=events)
    live.broadcast(events)
