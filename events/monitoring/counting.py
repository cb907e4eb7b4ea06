"""Counting in the database: each transaction that counts adds one row, so that none waits for another's.

A counter is the sum of all rows. The sweep puts many together into one; nothing is ever taken from them.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from events.db.rows import insert_rows
from events.models import MetricCounts
from events.monitoring.families import Stored

# Seconds between two looks of a process, and rows that one puts together.
COMPACT_EVERY, MOST_COMPACTED = 5.0, 5_000
# What a histogram calls the sum of its values, beside its buckets.
SUM, ABOVE_ALL = "sum", "+Inf"
_SEPARATOR = "\t"

Series = tuple[str, ...]


class Tally:
    """Figures of one transaction. Written once and as the last thing in it."""

    def __init__(self) -> None:
        self.counts = defaultdict[str, float](float)

    def add(self, family: Stored, *labels: str, count: float = 1) -> None:
        self.counts[_SEPARATOR.join((family.name, *labels))] += count

    def observe(self, family: Stored, *labels: str, seconds: Sequence[float]) -> None:
        """Count values, each in the least bucket that holds it."""
        for place, count in Counter([bisect_left(family.buckets, each) for each in seconds]).items():
            bucket = str(family.buckets[place]) if place < len(family.buckets) else ABOVE_ALL
            self.add(family, *labels, bucket, count=count)
        if seconds:
            self.add(family, *labels, SUM, count=round(sum(seconds), 6))

    def write(self) -> None:
        """Add the row: one query, none for nothing."""
        if self.counts:
            insert_rows(MetricCounts._meta.db_table, columns={"counts": "jsonb"}, rows=[(self.counts,)])


def read() -> Mapping[Series, float]:
    """Sum up all rows, in one query: (name, labels...) -> value."""
    total = _sum(MetricCounts.objects.values_list("counts", flat=True))
    return {tuple(key.split(_SEPARATOR)): value for key, value in total.items()}


def compact() -> int:
    """Put rows together, so that they stay few; how many there were. What another process is at is left to it."""
    with transaction.atomic():
        rows = list(MetricCounts.objects.select_for_update(skip_locked=True).order_by("pk")[:MOST_COMPACTED])
        if len(rows) > 1:
            MetricCounts.objects.filter(pk__in_set=[row.pk for row in rows]).delete()
            MetricCounts.objects.create(counts=_sum(row.counts for row in rows))
    return len(rows)


class Compaction:
    """Compaction by one process: now and then, however often it is asked."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def advance(self) -> None:
        if time.monotonic() - self._at >= COMPACT_EVERY:
            self._at = time.monotonic()
            compact()


def _sum(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total = defaultdict[str, float](float)
    for counts in rows:
        for key, value in counts.items():
            total[key] += value
    return total
