"""Retention: what is old goes in short transactions with a pause after each; it can stop after any.

First rows with their deliveries, then what they pointed to. Two runs at once share the work: what one has in hand, the
other leaves alone (docs/retention.md).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.models import Q, QuerySet

from delivery.models import Attempt, Delivery
from delivery.retention import batches, notifications, rules
from delivery.retention import events as pruning_events
from delivery.retention import rows as pruning_rows
from delivery.retention.archive import Archive
from delivery.retention.batches import Share
from delivery.retention.pace import WISH, WISH_COMPARED, Pace
from delivery.retention.rows import Before, Gone
from delivery.retention.rules import EventLimits, Limits
from events.models import Event
from notifications.models import Notification, Summary

logger = logging.getLogger(__name__)

TABLES = ("notifications", "summaries", "deliveries", "delivery_attempts", "events")
# Seconds between two batches, in which others get on.
PAUSE = 0.001
# Notifications that are put on the disk together: more than go in one transaction, so that there is less to wait for.
ARCHIVED_AT_ONCE = 5_000


@dataclass(slots=True)
class Pruned:
    """What went, by table; how many batches found their rows in others' hands; whether it came to its end."""

    gone: Gone = field(default_factory=Counter)
    busy: int = 0
    is_complete: bool = True


# One short transaction; what went.
Take = Callable[[], Gone]


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
    for take in _batches(now=now, days=days, archive=archive):
        try:
            done.gone += take()
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


def _batches(*, now: datetime, days: int, archive: Archive | None) -> Iterator[Take]:
    """In this order: what points goes before what is pointed to."""
    limits = rules.limits(now=now, days=days)
    yield from _notifications(limits, archive=archive)
    yield from _summaries(limits, archive=archive)
    yield from _lone_deliveries(limits, archive=archive)
    for of_events in rules.event_limits(now=now, days=days):
        yield from _events(of_events, archive=archive)


def _notifications(limits: Limits, *, archive: Archive | None) -> Iterator[Take]:
    for window in batches.windows(limits):
        # Each window begins small: the first to touch a page after a checkpoint writes it to the log whole.
        pace = Pace(wish=WISH_COMPARED if archive else WISH)
        if archive is None:
            for plain in batches.pieces(window.plain, most=partial(_size, pace)):
                yield partial(notifications.take, plain, limits=limits, pace=pace)
            yield from _carried(window.carried, limits=limits, before=None, pace=pace)
            continue
        for shares in batches.pieces(window.plain + window.carried, most=lambda: ARCHIVED_AT_ONCE):
            before = pruning_rows.archived(shares, archive=archive)
            yield from _carried(shares, limits=limits, before=before, pace=pace)


def _size(pace: Pace) -> int:
    return pace.size


def _carried(shares: Sequence[Share], *, limits: Limits, before: Before | None, pace: Pace) -> Iterator[Take]:
    for piece in batches.pieces(shares, most=partial(_size, pace)):
        yield partial(pruning_rows.take_notifications, piece, limits=limits, before=before, pace=pace)


def _summaries(limits: Limits, *, archive: Archive | None) -> Iterator[Take]:
    after, pace = 0, Pace()
    while (found := pruning_rows.next_summaries(after, limits=limits, limit=pace.size)) is not None:
        after, people = found
        if people:
            yield partial(pruning_rows.take_summaries, people, limits=limits, archive=archive, pace=pace)


def _lone_deliveries(limits: Limits, *, archive: Archive | None) -> Iterator[Take]:
    after, pace = 0, Pace()
    while (found := pruning_rows.next_lone_deliveries(after, limits=limits, limit=pace.size)) is not None:
        after, ids = found
        if ids:
            yield partial(pruning_rows.take_lone_deliveries, ids, limits=limits, archive=archive, pace=pace)


def _events(limits: EventLimits, *, archive: Archive | None) -> Iterator[Take]:
    after, pace = 0, Pace()
    while (up_to := pruning_events.following(limits, after=after, most=pace.size)) is not None:
        yield partial(pruning_events.take, limits, (after, up_to), archive=archive, pace=pace)
        after = up_to


def count(*, now: datetime, days: int) -> Gone:
    """What a run would take now, by table; nothing is changed. Reads the tables whole, so it may take a while."""
    limits = rules.limits(now=now, days=days, is_dry=True)
    rows = Notification.objects.filter(rules.row_may_go(limits))
    staying = Notification.objects.exclude(rules.row_may_go(limits))
    summaries = Summary.objects.filter(rules.summary_may_go(limits, pointing=staying))
    deliveries = Delivery.objects.filter(
        Q(notification__in=rows) | Q(summary__in=summaries) | rules.lone_delivery_may_go(limits)
    )
    old_or_superseded = Q()
    for of_events in rules.event_limits(now=now, days=days):
        old_or_superseded |= rules.event_may_go(of_events, pointing=staying)
    events = Event.objects.filter(old_or_superseded)
    attempts = Attempt.objects.filter(delivery__in=deliveries)
    tables: list[QuerySet[Any]] = [rows, summaries, deliveries, attempts, events]
    return Counter({found.model._meta.db_table: found.count() for found in tables})
