"""The process that `bench.feeds` measures: fills the tables twice, and explains what the feed asks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from events.models import Event  # noqa: E402
from notifications import feed, inbox  # noqa: E402

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


def main() -> None:
    few, many, people = map(int, sys.argv[1:])
    User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(people)])
    reader = User.objects.order_by("pk")[people // 2].pk
    queries: dict[str, Callable[[], object]] = {
        "feed page": lambda: feed.page(reader),
        "unread count": lambda: inbox.state(reader),
        "unread page": lambda: feed.page(reader, unread_only=True),
        "category filter": lambda: feed.page(reader, category="review"),
    }
    found: dict[str, list[Any]] = {name: [] for name in queries}
    for first, last in ((1, few), (few + 1, many)):
        fill(first, last)
        for name, ask in queries.items():
            found[name].append(explained(ask))
    print(json.dumps(found))


def fill(first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [first, last])
        cursor.execute(TELL, [first])
        cursor.execute(INBOXES)
        cursor.execute("VACUUM ANALYZE")
    assert Event.objects.count() == last


def explained(ask: Callable[[], object]) -> dict[str, Any]:
    """The plan's nodes with their indexes, the buffers it touched and its milliseconds, when all is warm."""
    asked: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        ask()
    [(sql, params)] = asked
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            [[[tree]]] = cursor.fetchall()
    top = tree["Plan"]
    buffers = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return {"plan": nodes(top), "buffers": buffers, "ms": tree["Execution Time"]}


def nodes(plan: dict[str, Any]) -> list[str]:
    """What is read by which index, joined and sorted how. Without Memoize: a cache before an index scan, which
    comes and goes with the planner's guess at how often a key repeats, and changes nothing of the way."""
    if plan["Node Type"] == "Memoize":
        return nodes(plan["Plans"][0])
    mine = " ".join(filter(None, (plan["Node Type"], plan.get("Index Name"), plan.get("Relation Name"))))
    return [mine, *(node for child in plan.get("Plans", []) for node in nodes(child))]


if __name__ == "__main__":
    main()
