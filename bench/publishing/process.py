"""The process that `bench.publishing` measures: some calls of `publish`, some bare inserts, in turn."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from events import event_type_cache  # noqa: E402
from events.bus import Entity, publish  # noqa: E402
from events.models import EventType  # noqa: E402

ROUNDS = 8
# Of the seeded types one without a schema.
TYPE = "review.submitted"
BARE = "INSERT INTO events (event_type_id, source_entity_type, source_entity_id, payload) VALUES (%s, %s, %s, %s)"


def main() -> None:
    calls = int(sys.argv[1])
    event_type = EventType.objects.get(name=TYPE)
    assert event_type.schema is None
    type_id = event_type.pk
    times: dict[str, list[float]] = {"publish": [], "bare": []}

    def bare() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE, [type_id, "job", 7, '{"name": "Shot 042"}'])

    def ours() -> None:
        publish(TYPE, source=Entity("job", 7), payload={"name": "Shot 042"})

    for number in range(1 + ROUNDS):
        event_type_cache.by_name([TYPE])
        found = {"publish": timed(ours, calls), "bare": timed(bare, calls)}
        if number:
            for name, seconds in found.items():
                times[name] += seconds
    print(json.dumps(times))


def timed(call: Callable[[], None], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    main()
