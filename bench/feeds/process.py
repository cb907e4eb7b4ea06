"""Process that fills the tables twice, and explains the queries of the feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from events.models import Event
from notifications.inbox import feed, marking

# Events of all sixteen types in turn.
EVENTS = """
INSERT INTO events (event_type_id, source_entity_type, source_entity_id, position, payload)
SELECT (SELECT array_agg(id ORDER BY id) FROM event_types)[1 + n %% (SELECT count(*) FROM event_types)],
       'job', n, n, jsonb_build_object('name', 'Shot ' || n)
FROM generate_series(%s::int, %s::int) n
"""
TELL = """
INSERT INTO notifications (event_id, user_id, is_delivered, delivered_at, seq, feed_seq, reason, is_read)
SELECT e.id, u.id, true, now(), e.position, e.position, 'owner', e.position %% 3 > 0
FROM events e CROSS JOIN auth_user u WHERE e.position >= %s ORDER BY e.position, u.id
"""
INBOXES = """
INSERT INTO inboxes (user_id, seq, unread_count)
SELECT user_id, max(seq), count(*) FILTER (WHERE NOT is_read) FROM notifications GROUP BY user_id
ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, unread_count = excluded.unread_count
"""


def main(few: int, many: int, people: int) -> dict[str, list[dict[str, Any]]]:
    """Plans of each query, at few events and at many."""
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(people)])
    reader = User.objects.order_by("pk")[people // 2].pk
    queries: dict[str, Callable[[], object]] = {
        "feed page": lambda: feed.page(reader),
        "unread count": lambda: marking.state(reader),
        "unread page": lambda: feed.page(reader, unread_only=True),
        "category filter": lambda: feed.page(reader, category="review"),
    }
    plans: dict[str, list[dict[str, Any]]] = {name: [] for name in queries}
    for first, last in ((1, few), (few + 1, many)):
        fill(first, last)
        for name, query in queries.items():
            plans[name].append(explain(query))
    return plans


def fill(first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [first, last])
        cursor.execute(TELL, [first])
        cursor.execute(INBOXES)
        cursor.execute("VACUUM ANALYZE")
    assert Event.objects.count() == last


def explain(query: Callable[[], object]) -> dict[str, Any]:
    """The plan's nodes with their indexes, the buffers it touched and its milliseconds, when all is warm."""
    statements: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        query()
    [(sql, params)] = statements
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            [[[tree]]] = cursor.fetchall()
    top = tree["Plan"]
    buffers = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return {"plan": plan_nodes(top), "buffers": buffers, "ms": tree["Execution Time"]}


def plan_nodes(plan: dict[str, Any]) -> list[str]:
    """Names of the plan's nodes, each with its index and table, from the top down.

    Without Memoize: a cache before an index scan, which comes and goes with the planner's guess at how often a key
    repeats, and changes nothing of the way.
    """
    if plan["Node Type"] == "Memoize":
        return plan_nodes(plan["Plans"][0])
    top = " ".join(filter(None, (plan["Node Type"], plan.get("Index Name"), plan.get("Relation Name"))))
    return [top, *(node for child in plan.get("Plans", []) for node in plan_nodes(child))]
