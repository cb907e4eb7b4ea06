"""Low-water marks of subscribers: what pruning takes from paused ones, and how far back the others may go."""

import logging
from collections.abc import Mapping, Sequence

from django.db import transaction

from events.db.rows import insert_rows
from events.dispatch import subscribers
from events.models import LogGap, Subscriber

logger = logging.getLogger(__name__)


def raise_earliest(name: str, *, at: int) -> int:
    """Forbid moving a subscriber back below `at`, as far as it has read: what it made of those events is about to go.
    Returns that position; waits for the batch that it is at."""
    subscribers.enroll()
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().get(name=name)
        row.earliest = max(row.earliest, min(at, row.position))
        row.save(update_fields=["earliest"])
    return row.earliest


def position_of(name: str, *, at: int) -> int:
    """The position up to which this one has read, paused or not, no more than `at`. One query."""
    position = Subscriber.objects.filter(name=name).values_list("position", flat=True).first()
    return min(at, position or 0)


def lowest_position(*, at_most: int) -> int:
    """The position up to which every running subscriber has read, no more than `at_most`. At most one query.

    Names that are no longer in the code count as paused.
    """
    running = Subscriber.objects.filter(is_paused=False, name__in=subscribers.names(), position__lt=at_most)
    return min(running.values_list("position", flat=True), default=at_most)


def lock_paused(*, below: int) -> list[Subscriber]:
    """Subscribers that would lose events below this position, locked: none of them is resumed meanwhile."""
    behind = Subscriber.objects.select_for_update().filter(position__lt=below).order_by("id")
    known = set(subscribers.names())
    return list(behind.exclude(is_paused=False, name__in=known))


def record(paused: Sequence[Subscriber], *, positions: Sequence[int]) -> None:
    """Remember for each of them how many of these positions it had not read. One query, and none without a loss."""
    lost: Mapping[Subscriber, list[int]] = {
        row: [position for position in positions if position > row.position] for row in paused
    }
    values = [(row.pk, row.position, max(missed), len(missed)) for row, missed in lost.items() if missed]
    if not values:
        return
    insert_rows(
        "log_gaps",
        columns=dict.fromkeys(("subscriber_id", "after", "up_to", "events"), "bigint"),
        rows=values,
        on_conflict="(subscriber_id, after) DO UPDATE SET events = log_gaps.events + excluded.events, "
        "up_to = CASE WHEN excluded.up_to > log_gaps.up_to THEN excluded.up_to ELSE log_gaps.up_to END",
    )
    for row, missed in lost.items():
        if missed:
            logger.warning("subscriber %s is paused at %d and loses %d events", row.name, row.position, len(missed))


def gaps_of(name: str) -> list[LogGap]:
    return list(LogGap.objects.filter(subscriber__name=name)[:10])
