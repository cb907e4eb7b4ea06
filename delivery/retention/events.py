"""Takes events that nothing points to any more, a batch at a time; what a paused subscriber loses is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from delivery.retention import rules
from delivery.retention.archive import Archive
from delivery.retention.pace import Pace
from delivery.retention.rows import Gone
from delivery.retention.rules import EventLimits
from events.dispatch import watermarks
from events.models import Event, EventType
from notifications.models import Notification

# Payloads may be large: so many at a time are in memory while they are archived.
CHUNK = 100

# After this position, up to that.
Span = tuple[int, int]


def following(limits: EventLimits, *, after: int, most: int) -> int | None:
    """The position up to which so many past events come after this one; None: no more. Walks one index, takes no lock.
    Two queries."""
    past = Event.objects.filter(rules.event_is_past(limits), position__gt=after).order_by("position")
    found: int | None = past.values("position")[:most].aggregate(last=Max("position"))["last"]
    return found


def take(limits: EventLimits, span: Span, *, archive: Archive | None, pace: Pace) -> Gone:
    """Those after the one position, up to the other, that nothing points to, in one short transaction; what really
    went. Constant queries. Raises OperationalError where a lock can't be had."""
    after, up_to = span
    may_go = rules.event_may_go(limits, pointing=Notification.objects.all())
    going = Event.objects.filter(may_go, position__gt=after, position__lte=up_to)
    if archive:
        ids = list(going.values_list("pk", flat=True))
        archive.keep(Event._meta.db_table, _whole(ids), made="created_at")
        going = going.filter(pk__in_set=ids)
    with pace.transaction():
        _plan_for_one_by_one()
        paused = watermarks.lock_paused(below=up_to)
        positions = _delete(going.order_by().select_for_update(skip_locked=True))
        watermarks.record(paused, positions=positions)
    return Counter({"events": len(positions)})


def _plan_for_one_by_one() -> None:
    """Each event is looked up in the tables that may point to it. Two of them are next to empty: reading all of those
    is cheaper than an index, also for the database's own look at each event that goes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
            )


def _delete(free: QuerySet[Event]) -> list[int]:
    """Their positions. What is free is found, locked and deleted in one statement: its index is walked once."""
    sql, params = free.values("pk").query.sql_with_params()
    is_one = f"id = ANY(ARRAY({sql}))" if connection.vendor == "postgresql" else f"id IN ({sql})"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM events WHERE {is_one} RETURNING position", params)
        return [position for (position,) in cursor.fetchall()]


def _whole(ids: Collection[int]) -> Iterator[dict[str, Any]]:
    """The rows, each with the name of its type: types may be renamed or go."""
    names = dict(EventType.objects.values_list("pk", "name"))
    for row in Event.objects.filter(pk__in_set=ids).order_by("position").values().iterator(chunk_size=CHUNK):
        yield row | {"event_type": names[row["event_type_id"]]}
