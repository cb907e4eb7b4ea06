"""Process that prunes so many rows, with and without an archive, and deletes them bare."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from delivery.retention import prune
from events.dispatch import subscribers
from events.models import Event, EventType

DAYS = 90
ROUNDS = 3
PEOPLE, AUDIENCE = 10_000, 10
# Events of two hundred days ago, each for a few of all people.
FILL = [
    "INSERT INTO events (event_type_id, position, created_at, payload) "
    "SELECT %(event_type)s, p.position + n, now() - interval '200 days' + n * interval '1 second', "
    '\'{"title": "Shot 042", "frames": 240}\' '
    "FROM generate_series(1, %(events)s) AS n, (SELECT position FROM log_head) AS p",
    "UPDATE log_head SET position = position + %(events)s",
    "UPDATE subscribers SET position = (SELECT position FROM log_head)",
    "INSERT INTO notifications (event_id, user_id, channel, is_read, is_delivered, created_at, seq, feed_seq, reason) "
    "SELECT e.id, %(first)s + (e.id * 7 + n * 101) %% %(people)s, 'in_app', n %% 2 = 0, true, e.created_at, 1, 1, "
    "'watcher' FROM events e, generate_series(1, %(audience)s) AS n",
    "INSERT INTO inboxes (user_id, unread_count) SELECT user_id, count(*) FROM notifications WHERE NOT is_read "
    "GROUP BY user_id ON CONFLICT (user_id) DO UPDATE SET unread_count = excluded.unread_count",
]


def main(rows: int) -> dict[str, float]:
    """Rows a second of each way, and the longest transaction in milliseconds."""
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(PEOPLE)], batch_size=5000)
    subscribers.enroll()
    # Interleaved: a machine that others use too changes its pace within a minute.
    rounds = [(*_prune(rows, archive=None), _delete(rows)) for _ in range(ROUNDS)]
    ours, longest, bare = zip(*rounds, strict=True)
    with tempfile.TemporaryDirectory() as folder:
        archived, archived_longest = _prune(rows, archive=Path(folder))
    return {
        "ours": median(ours),
        "longest_ms": max(longest),
        "bare": median(bare),
        "archived": archived,
        "archived_longest_ms": archived_longest,
    }


def _prune(rows: int, *, archive: Path | None) -> tuple[float, float]:
    """Rows a second, the pauses included; and the longest transaction in milliseconds."""
    total = _fill(rows)
    with _timed_transactions() as times:
        began = time.perf_counter()
        done = prune.prune(now=timezone.now(), days=DAYS, archive_dir=archive)
        duration = time.perf_counter() - began
    if sum(done.gone.values()) != total:
        raise SystemExit(f"{total} rows should have gone: {done}")
    return total / duration, max(times) * 1000


def _delete(rows: int) -> float:
    """Rows a second of one bare DELETE a table."""
    total = _fill(rows)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM notifications WHERE created_at < now() - interval '90 days'")
        cursor.execute("DELETE FROM events WHERE created_at < now() - interval '90 days'")
    return total / (time.perf_counter() - began)


def _fill(rows: int) -> int:
    """Insert so many notifications and their events; the number of rows to prune."""
    values: dict[str, Any] = {
        "event_type": EventType.objects.get(name="job.completed").pk,
        "events": rows // AUDIENCE,
        "audience": AUDIENCE,
        "people": PEOPLE,
        "first": User.objects.order_by("pk").values_list("pk", flat=True)[0],
    }
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return rows + Event.objects.count()


@contextmanager
def _timed_transactions() -> Iterator[list[float]]:
    """Seconds of each transaction, from its BEGIN to the end of its COMMIT."""
    times: list[float] = []
    atomic = transaction.atomic

    @contextmanager
    def timed(*arguments: Any, **more: Any) -> Iterator[None]:
        began = time.perf_counter()
        with atomic(*arguments, **more):
            yield
        times.append(time.perf_counter() - began)

    transaction.atomic = timed  # type: ignore[assignment]
    try:
        yield times
    finally:
        transaction.atomic = atomic
