"""The process that `bench.prune` measures: prunes so many rows, with and without an archive, and deletes them bare."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from delivery import pruning  # noqa: E402
from events import subscribers  # noqa: E402
from events.models import Event, EventType  # noqa: E402

DAYS = 90
# A machine that others use too changes its pace within a minute: the two take turns.
TURNS = 3
PEOPLE, AUDIENCE = 10_000, 10
FILL = [
    # Two hundred days ago, each event for a few of all people.
    "INSERT INTO events (event_type_id, position, created_at, payload) "
    "SELECT %(kind)s, p.position + n, now() - interval '200 days' + n * interval '1 second', "
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


def main() -> None:
    rows = int(sys.argv[1])
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(PEOPLE)], batch_size=5000)
    subscribers.enroll()
    turns = [(*_pruned(rows, archive=None), _bare(rows)) for _ in range(TURNS)]
    ours, longest, bare = zip(*turns, strict=True)
    with tempfile.TemporaryDirectory() as folder:
        archived, archived_longest = _pruned(rows, archive=Path(folder))
    found = {"ours": median(ours), "longest_ms": max(longest), "bare": median(bare)}
    print(json.dumps(found | {"archived": archived, "archived_longest_ms": archived_longest}))


def _pruned(rows: int, *, archive: Path | None) -> tuple[float, float]:
    """Rows a second, the pauses included; and the longest transaction in milliseconds."""
    total = _fill(rows)
    with _timed() as times:
        began = time.perf_counter()
        done = pruning.prune(now=timezone.now(), days=DAYS, archive_dir=archive)
        taken = time.perf_counter() - began
    if sum(done.gone.values()) != total:
        raise SystemExit(f"{total} rows should have gone: {done}")
    return total / taken, max(times) * 1000


def _bare(rows: int) -> float:
    total = _fill(rows)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM notifications WHERE created_at < now() - interval '90 days'")
        cursor.execute("DELETE FROM events WHERE created_at < now() - interval '90 days'")
    return total / (time.perf_counter() - began)


def _fill(rows: int) -> int:
    values: dict[str, Any] = {
        "kind": EventType.objects.get(name="job.completed").pk,
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
def _timed() -> Iterator[list[float]]:
    """How long each transaction is open, from its BEGIN to the end of its COMMIT."""
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


if __name__ == "__main__":
    main()
