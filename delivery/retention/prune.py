"""Retention: what is old goes in short transactions with a pause after each; it can stop after any.

First rows with their deliveries, then what they pointed to. Two runs at once share the work: what one has in hand, the
other leaves alone (docs/retention.md).
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.models import Q, QuerySet

from delivery.models import Attempt, Delivery
from delivery.retention import rules
from delivery.retention.archive import Archive
from delivery.retention.deliveries import LoneDeliveries
from delivery.retention.events import Events
from delivery.retention.pace import Pace
from delivery.retention.rows import Notifications, Summaries
from delivery.retention.step import Candidate, Gone, Place, RetentionStep
from events.models import Event
from notifications.models import Notification, Summary

logger = logging.getLogger(__name__)

TABLES = ("notifications", "summaries", "deliveries", "delivery_attempts", "events")
# Seconds between two batches, in which others get on.
PAUSE = 0.001


@dataclass(slots=True)
class Pruned:
    """Outcome of a run. `gone`: rows by table; `busy`: batches that found their rows in others' hands."""

    gone: Gone = field(default_factory=Counter)
    busy: int = 0
    is_complete: bool = True


def prune(
    *,
    now: datetime,
    days: int,
    archive_dir: Path | None,
    should_stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], object] = time.sleep,
) -> Pruned:
    """Take all that is older than `days` and may go, unless told to stop before; then the next run goes on.

    Raises OSError if the archive can't be written: what isn't archived stays.
    """
    done = Pruned()
    archive = Archive(archive_dir) if archive_dir else None
    for step, batch, pace in _batches(now=now, days=days):
        archived = step.archive([row.pk for row in batch], archive) if archive else None
        try:
            with pace.transaction():
                gone = step.delete(batch, archived=archived)
            done.gone += gone
        except OperationalError as error:
            done.busy += 1
            logger.info("a batch is left for the next run: %s", error)
        pause(PAUSE)
        if should_stop():
            done.is_complete = False
            break
    if done.gone:
        logger.info("pruned %s", ", ".join(f"{count} {table}" for table, count in done.gone.items()))
    return done


def _batches(*, now: datetime, days: int) -> Iterator[tuple[RetentionStep, list[Candidate], Pace]]:
    for step in _steps(now=now, days=days):
        pace = Pace()
        place: Place | None = step.start
        while place is not None:
            place, batch = step.walk(place, limit=pace.size)
            if batch:
                yield step, batch, pace


def _steps(*, now: datetime, days: int) -> Iterator[RetentionStep]:
    """Steps of one pruning, in this order: what points goes before what is pointed to."""
    limits = rules.limits(now=now, days=days)
    yield Notifications(limits)
    yield Summaries(limits)
    yield LoneDeliveries(limits)
    for event_limits in rules.event_limits(now=now, days=days):
        yield Events(event_limits)


def count(*, now: datetime, days: int) -> Gone:
    """Count what a run would take now, by table; nothing is changed. Reads the tables whole, which may take a while."""
    limits = rules.limits(now=now, days=days, is_dry=True)
    rows = Notification.objects.filter(rules.row_may_go(limits))
    staying = Notification.objects.exclude(rules.row_may_go(limits))
    summaries = Summary.objects.filter(rules.summary_may_go(limits, pointing=staying))
    deliveries = Delivery.objects.filter(
        Q(notification__in=rows) | Q(summary__in=summaries) | rules.lone_delivery_may_go(limits)
    )
    old_or_superseded = Q()
    for event_limits in rules.event_limits(now=now, days=days):
        old_or_superseded |= rules.event_may_go(event_limits, pointing=staying)
    events = Event.objects.filter(old_or_superseded)
    attempts = Attempt.objects.filter(delivery__in=deliveries)
    tables: list[QuerySet[Any]] = [rows, summaries, deliveries, attempts, events]
    return Counter({found.model._meta.db_table: found.count() for found in tables})
