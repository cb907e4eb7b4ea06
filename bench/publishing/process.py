"""Process that calls `publish` some times and inserts bare as often, interleaved."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

from bench.timing import interleaved, seconds
from events import event_type_cache
from events.bus import Entity, publish
from events.models import EventType

ROUNDS = 8
# One of the seeded types without a schema.
TYPE = "review.submitted"
INSERT = "INSERT INTO events (event_type_id, source_entity_type, source_entity_id, payload) VALUES (%s, %s, %s, %s)"


def main(calls: int) -> dict[str, list[float]]:
    """Seconds of each call."""
    event_type = EventType.objects.get(name=TYPE)
    assert event_type.schema is None
    type_id = event_type.pk

    def insert_bare() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(INSERT, [type_id, "job", 7, '{"name": "Shot 042"}'])

    def publish_one() -> None:
        publish(TYPE, source=Entity("job", 7), payload={"name": "Shot 042"})

    def each(call: Callable[[], None]) -> list[float]:
        event_type_cache.by_name([TYPE])
        return [seconds(call) for _ in range(calls)]

    rounds = interleaved({"publish": lambda: each(publish_one), "bare": lambda: each(insert_bare)}, rounds=ROUNDS)
    return {name: [second for one_round in lists for second in one_round] for name, lists in rounds.items()}
