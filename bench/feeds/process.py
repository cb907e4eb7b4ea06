"""Process that fills the tables step by step, and explains the queries of the feed at each size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from events.models import Event
from notifications.inbox import feed, marking

# The first size is told to so many people, who then have as many rows each as a search looks at; the rest to all.
FIRST_PEOPLE = 2
# Nobody's title, name or payload has it: a search reads all that it looks at.
UNKNOWN_WORD = "zeppelin"
# Foreign keys of what is written here lead to what is there: checking each takes as long as writing it.
UNCHECKED = "SET session_replication_role = replica"
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
FROM events e CROSS JOIN (SELECT id FROM auth_user ORDER BY id LIMIT %s) u
WHERE e.position >= %s ORDER BY e.position, u.id
"""
INBOXES = """
INSERT INTO inboxes (user_id, seq, unread_count)
SELECT user_id, max(seq), count(*) FILTER (WHERE NOT is_read) FROM notifications GROUP BY user_id
ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, unread_count = excluded.unread_count
"""


def main(sizes: Sequence[int], people: int) -> dict[str, list[dict[str, Any]]]:
    """Plans of each query, at each number of rows; the reader is one of those who are told from the first on."""
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(people)])
    reader = User.objects.order_by("pk")[0].pk
    queries: dict[str, Callable[[], object]] = {
        "feed page": lambda: feed.page(reader),
        "unread count": lambda: marking.state(reader),
        "unread page": lambda: feed.page(reader, unread_only=True),
        "category filter": lambda: feed.page(reader, category="review"),
        "search in vain": lambda: feed.page(reader, search_text=UNKNOWN_WORD),
    }
    plans: dict[str, list[dict[str, Any]]] = {name: [] for name in queries}
    rows, last = 0, 0
    for size in sizes:
        told = people if rows else FIRST_PEOPLE
        first, last = last + 1, last + (size - rows) // told
        fill(first, last, people=told)
        rows = size
        for name, query in queries.items():
            plans[name].append(explain(query))
    return plans


def fill(first: int, last: int, *, people: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNCHECKED)
        cursor.execute(EVENTS, [first, last])
        cursor.execute(TELL, [people, first])
        cursor.execute(INBOXES)
        cursor.execute("VACUUM ANALYZE")
    assert Event.objects.count() == last


def explain(query: Callable[[], object]) -> dict[str, Any]:
    """Nodes of its statements with their indexes, the buffers they touch and their milliseconds, when all is warm."""
    statements: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        query()
    trees = []
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in statements:
            if "set_config" in sql:
                cursor.execute(sql, params)
                continue
            for _ in range(3):
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                [[[tree]]] = cursor.fetchall()
            trees.append(tree)
    tops = [tree["Plan"] for tree in trees]
    return {
        "plan": [node for top in tops for node in plan_nodes(top)],
        "buffers": sum(top["Shared Hit Blocks"] + top["Shared Read Blocks"] for top in tops),
        "ms": sum(tree["Execution Time"] for tree in trees),
    }


def plan_nodes(plan: dict[str, Any]) -> list[str]:
    """Names of the plan's nodes, each with its index and table, from the top down.

    Without Memoize: a cache before an index scan, which comes and goes with the planner's guess at how often a key
    repeats, and changes nothing of the way.
    """
    if plan["Node Type"] == "Memoize":
        return plan_nodes(plan["Plans"][0])
    top = " ".join(filter(None, (plan["Node Type"], plan.get("Index Name"), plan.get("Relation Name"))))
    return [top, *(node for child in plan.get("Plans", []) for node in plan_nodes(child))]
