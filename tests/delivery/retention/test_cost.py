"""What a batch costs: queries that don't grow with it, an index behind every cascade, short transactions."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.retention.pace import FIRST, LEAST, MOST, WISH, Pace
from tests.delivery.factories.retention import OLD, event, prune, row, sent, summary

pytestmark = pytest.mark.django_db

# What a foreign key asks when a row goes, by the table and column that point.
CASCADES = {
    ("notifications", "event_id"),
    ("notifications", "summary_id"),
    ("fanouts", "event_id"),
    ("parked_events", "event_id"),
    ("log_gaps", "subscriber_id"),
    ("deliveries", "notification_id"),
    ("deliveries", "summary_id"),
    ("delivery_attempts", "delivery_id"),
}


def queries(*, archive=None) -> int:
    with CaptureQueriesContext(connection) as asked:
        prune(archive=archive)
    return len(asked)


def scene(people) -> None:
    for number, user in enumerate(people):
        row(user)
        sent(row(user, channel="webhook"))
        summary(user, OLD + number, seq=1)
        event(1.5, name="job.progress")


@pytest.mark.parametrize("is_archived", [False, True])
def test_many_rows_of_many_people_cost_as_many_queries_as_one(owner, member, watcher, tmp_path, is_archived):
    archive = tmp_path if is_archived else None
    scene([owner])
    for_one = queries(archive=archive)
    scene([owner, member, watcher] * 3)
    assert queries(archive=archive) == for_one


@pytest.mark.service
@pytest.mark.parametrize(("table", "column"), sorted(CASCADES))
def test_every_cascade_is_looked_up_by_index(table, column):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN DELETE FROM ONLY {table} WHERE {column} = 1")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Index Cond: ({column} = 1)" in plan, plan


@pytest.mark.service
def test_a_batch_neither_queues_for_a_lock_nor_waits_for_the_disk():
    with Pace().transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('synchronous_commit')")
        assert cursor.fetchone() == ("100ms", "off")


@pytest.mark.parametrize(("seconds", "size"), [(0.0, FIRST * 2), (WISH, FIRST), (WISH * 10, FIRST // 2)])
def test_the_next_batch_is_as_large_as_goes_in_the_time(monkeypatch, seconds, size):
    clock = iter([0.0, seconds])
    monkeypatch.setattr("delivery.retention.pace.time.monotonic", lambda: next(clock))
    pace = Pace()
    with pace.transaction():
        pass
    assert pace.size == pytest.approx(size, abs=1)


@pytest.mark.parametrize(("seconds", "size"), [(0.0, MOST), (9.0, LEAST)])
def test_a_batch_has_its_bounds(monkeypatch, seconds, size):
    clock = iter([0.0, seconds] * 20)
    monkeypatch.setattr("delivery.retention.pace.time.monotonic", lambda: next(clock))
    pace = Pace()
    for _ in range(20):
        with pace.transaction():
            pass
    assert pace.size == size
