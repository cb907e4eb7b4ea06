"""Requests that a receiver got, reconciled with what the database says was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, LiteralString

from tests.delivery.fakes.http_receiver import Receiver

Sql = Callable[..., list[tuple[Any, ...]]]

DELIVERIES: LiteralString = "SELECT id, state FROM deliveries"
UNKNOWN: LiteralString = "SELECT delivery_id, count(*) FROM delivery_attempts WHERE outcome = 'unknown' GROUP BY 1"


def unsettled(sql: Sql) -> int:
    return sum(state != "sent" for _id, state in sql(DELIVERIES))


def reconcile(receiver: Receiver, sql: Sql) -> int:
    """Assert that all came: twice only where an attempt is unknown, under an id that always stands for the same bytes.
    The number of those that came more than once."""
    bodies: dict[int, list[bytes]] = defaultdict(list)
    ids: dict[int, set[str]] = defaultdict(set)
    for request in receiver.requests:
        message_id = request.headers["webhook-id"]
        key = int(message_id.rpartition("_")[2])
        bodies[key].append(request.body)
        ids[key].add(message_id)
    sent = {pk for pk, _state in sql(DELIVERIES)}
    assert set(bodies) == sent, "lost, or never asked for"
    unknown: dict[int, int] = dict(sql(UNKNOWN))
    for key, received in bodies.items():
        assert len(set(received)) == 1, f"delivery {key} came with different bytes"
        assert len(ids[key]) == 1, f"delivery {key} came under different ids"
        assert len(received) <= 1 + unknown.get(key, 0), f"delivery {key} came {len(received)} times"
    return sum(len(received) > 1 for received in bodies.values())
