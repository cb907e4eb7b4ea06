"""What a batch costs: queries that don't grow with it, an index behind every cascade, short transactions."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.retention import limits
from delivery.retention.step import FIRST, WISH, Gone
from delivery.retention.tables import LoneDeliveries
from tests.delivery.factories.retention import DAYS, NOW, OLD, confirmation, event, prune, row, sent, summary

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


class Watched(LoneDeliveries):
    """Looks at the transaction that it deletes in."""

    def delete(self, ids, *, archived) -> Gone:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('synchronous_commit')")
            assert cursor.fetchone() == ("100ms", "off")
        return Counter(seen=1)


@pytest.mark.service
def test_a_batch_neither_queues_for_a_lock_nor_waits_for_the_disk():
    assert Watched(limits.by_age(NOW)).take([], archived=None) == {"seen": 1}


@pytest.mark.parametrize(("seconds", "size"), [(0.0, FIRST * 2), (WISH, FIRST), (WISH * 10, FIRST // 2)])
def test_the_next_batch_is_as_large_as_goes_in_the_time(owner, monkeypatch, seconds, size):
    clock = iter([0.0, seconds])
    monkeypatch.setattr("delivery.retention.step.time", SimpleNamespace(monotonic=lambda: next(clock)))
    confirmation(owner)
    step = LoneDeliveries(limits.by_age(NOW - timedelta(days=DAYS)))
    with CaptureQueriesContext(connection) as asked:
        for ids in step.batches():
            step.take(ids, archived=None)
    walks = [found for query in asked for found in re.findall(r"LIMIT (\d+)$", query["sql"])]
    assert [int(walk) for walk in walks] == [FIRST, pytest.approx(size, abs=1)]
