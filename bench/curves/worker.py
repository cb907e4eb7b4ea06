"""One of several processes that do the same at once: publish, drain the log, or tell parts of a large audience.

It says that it is ready, waits for a line, and returns what it did.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from django.contrib.auth.models import User
from django.utils import timezone

from bench import cpu
from bench.drain.process import drain_log
from bench.million import process as million
from events.bus import Entity, NewEvent, publish, publish_many
from notifications.routing import fanout

PEOPLE, PUBLISH_AT_ONCE = 500, 1_000


def main(work: str, count: int) -> dict[str, float]:
    """CPU seconds of this process and its PostgreSQL process, and seconds on the clock."""
    works: dict[str, Callable[[int], None]] = {"publish": _publish, "drain": _drain, "tell": _tell}
    # Types, entities and connection are there before the clock runs.
    User.objects.first()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    spent = cpu.spent(lambda: works[work](count))
    return {"cpu": spent, "seconds": time.perf_counter() - began}


def prepare(work: str, count: int) -> None:
    """Create what the processes share: so many people, of events that wait, or of people who will be told."""
    if work == "tell":
        million.prepare(count, count)
        million.begin_fanout()
        return
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(PEOPLE)])
    for start in range(0, count if work == "drain" else 0, PUBLISH_AT_ONCE):
        numbers = range(start, min(start + PUBLISH_AT_ONCE, count))
        publish_many(NewEvent("job.completed", Entity("job", number), people[number % PEOPLE]) for number in numbers)


def _publish(count: int) -> None:
    actor = User.objects.all()[0]
    for number in range(count):
        publish("job.completed", source=Entity("job", number), actor=actor)


def _drain(_count: int) -> None:
    drain_log()


def _tell(_count: int) -> None:
    while fanout.pending():
        if not fanout.advance_each(now=timezone.now()):
            # The others are at all parts that are left.
            time.sleep(0.02)
