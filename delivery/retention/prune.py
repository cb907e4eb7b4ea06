"""Retention: what is old goes in short transactions with a pause after each; it can stop after any.

First rows with their deliveries, then what they pointed to. Two runs at once share the work: what one has in hand, the
other leaves alone (docs/retention.md).
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path

from django.db import OperationalError
from django.db.models import Model, Q

from delivery.models import Attempt, Delivery
from delivery.retention import limits
from delivery.retention.archive import Archive
from delivery.retention.step import Gone, RetentionStep
from delivery.retention.tables import Events, LoneDeliveries, Mutes, Notifications, ReadingBatches, Summaries
from events.models import EventType
from notifications.models import Notification, Summary

logger = logging.getLogger(__name__)

TABLES = ("notifications", "summaries", "deliveries", "delivery_attempts", "events", "reading_batches", "mutes")
SUPERSEDED_AFTER = timedelta(days=1)
UNDO_FOR = timedelta(days=7)
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
    archive_dir: str | Path | None,
    should_stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], object] = time.sleep,
) -> Pruned:
    """Take all that is older than `days` and may go, unless told to stop before; then the next run goes on.

    Raises OSError if the archive can't be written: what isn't archived stays.
    """
    done = Pruned()
    archive = Archive(Path(archive_dir)) if archive_dir else None
    batches = ((step, ids) for step in _steps(now=now, days=days) for ids in step.batches())
    for step, ids in batches:
        archived = step.archive(ids, archive) if archive else None
        try:
            done.gone += step.take(ids, archived=archived)
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


def count(*, now: datetime, days: int) -> Gone:
    """Count what a run would take now, by table; nothing is changed. Reads the tables whole, which may take a while."""
    may_go: defaultdict[type[Model], list[Q]] = defaultdict(list)
    for step in _steps(now=now, days=days, is_dry=True):
        may_go[step.model].append(step.may_go())
    found = {model: model._default_manager.filter(reduce(or_, each)) for model, each in may_go.items()}
    rows, summaries = found[Notification], found[Summary]
    lone = Delivery.objects.filter(reduce(or_, may_go[Delivery]))
    deliveries = Delivery.objects.filter(Q(notification__in=rows) | Q(summary__in=summaries)) | lone
    attempts = Attempt.objects.filter(delivery__in=deliveries)
    found |= {Delivery: deliveries, Attempt: attempts}
    return Counter({model._meta.db_table: each.count() for model, each in found.items()})


def _steps(*, now: datetime, days: int, is_dry: bool = False) -> Iterator[RetentionStep]:
    """Steps of one pruning, in this order: what points goes before what is pointed to."""
    before, superseded = now - timedelta(days=days), now - SUPERSEDED_AFTER
    routed = limits.routed(before, is_final=not is_dry)
    own = _own_days()
    others = ~Q(event_type__in=[pk for ids in own.values() for pk in ids]) if own else Q()
    bounds = [(routed, others)]
    for kept, ids in own.items():
        theirs = limits.routed(now - timedelta(days=kept), is_final=not is_dry)
        bounds.append((theirs, Q(event_type__in=ids)))
    rows = [Notifications(each, among=among) for each, among in bounds]
    yield from rows
    # In a dry run those that may go are still there.
    going = [step.may_go() for step in rows] if is_dry else []
    pointing = Notification.objects.exclude(reduce(or_, going)) if going else Notification.objects.all()
    yield Summaries(routed, pointing=pointing)
    yield (lone := LoneDeliveries(routed))
    yield ReadingBatches(replace(routed, before=max(before, now - UNDO_FOR)))
    yield Mutes(replace(routed, before=now))
    deliveries = Delivery.objects.exclude(lone.may_go()) if is_dry else Delivery.objects.all()
    for bound, among in bounds:
        yield Events(limits.by_age(bound.before), pointing=(pointing, deliveries), among=among)
    types = EventType.objects.filter(name__endswith=".progress").exclude(replaces="")
    progress = Q(event_type_id__in_set=list(types.values_list("pk", flat=True)))
    yield Events(limits.routed(superseded), pointing=(pointing, deliveries), among=progress)


def _own_days() -> dict[int, list[int]]:
    """Types that say themselves how long they are kept, by days. One query."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for pk, kept in EventType.objects.exclude(keep_days=None).values_list("pk", "keep_days"):
        if kept is not None and kept >= 1:
            found[kept].append(pk)
    return found
