"""Pace of numbering: how far it runs ahead of the readers that set it.

What is numbered has its place in the log for good; what waits for its number may still let another publisher's event go
first. So a batch is numbered only once those readers have no more than another one before them.
"""

from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import F

from events.dispatch import subscribers
from events.models import Subscriber
from events.transport import outages

# The size of a batch after a calm, and at most. It doubles while batches are well filled and quick.
FIRST, MOST = 50, 500
# Seconds that a batch may take: great audiences make it smaller.
WISH = 0.5
# Whoever is further behind reads an old backlog, which numbering neither makes worse nor waits for.
FAR = 2 * MOST
# The size of one that fails: numbering doesn't wait for it until it has read something again.
FAILING = 0


class Reader(NamedTuple):
    position: int
    batch_size: int


def next_size(size: int, *, read: int, seconds: float) -> int:
    """The size of the batch after one of so many events that took so long. Pure."""
    size = size or FIRST
    if seconds > WISH:
        return max(1, int(read * WISH / seconds))
    return min(MOST, size * 2) if 2 * read >= size else max(FIRST, size // 2)


def slowest(*, head: int) -> Reader | None:
    """The one that lets least be numbered of the readers that set the pace and get on, if any. One query."""
    reading = Subscriber.objects.filter(
        name__in=subscribers.pace_setters(),
        is_paused=False,
        attempts=0,
        batch_size__gt=FAILING,
        position__gte=head - FAR,
    )
    last = reading.order_by(F("position") + F("batch_size")).values_list("position", "batch_size").first()
    return last and Reader(*last)


def mark_failing(name: str) -> None:
    """Let numbering go on without this reader, if it sets the pace. A failure of the database is only logged."""
    if name not in subscribers.pace_setters():
        return
    try:
        Subscriber.objects.filter(name=name).update(batch_size=FAILING)
    except DatabaseError as error:
        outages.note(__name__, f"numbering may wait for subscriber {name}", error, in_a_line=True)
