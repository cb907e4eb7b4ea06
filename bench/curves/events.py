"""Process that publishes events and drains the log, few at a time and many, and counts the CPU of each event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib.auth.models import User

from bench import cpu
from bench.drain import process
from events.bus import Entity, publish

# Events of each size, over all its rounds.
LEAST_EVENTS = 600
PUBLISHED = 500


def main(sizes: Sequence[int]) -> dict[str, list[float]]:
    """Milliseconds of CPU an event, at each number that one look finds: to publish it alone, to number and route it."""
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(process.PEOPLE)])
    process.drain_seconds(people, count=PUBLISHED)
    published = 1000 * cpu.spent(lambda: _publish(people)) / PUBLISHED
    process.drain_log()
    return {
        "published one by one": [published for _ in sizes],
        "numbered and routed": [1000 * _drained(people, count=size) / size for size in sizes],
    }


def _publish(people: Sequence[User]) -> None:
    for number in range(PUBLISHED):
        publish("job.completed", source=Entity("job", number), actor=people[number % len(people)])


def _drained(people: list[User], *, count: int) -> float:
    """CPU seconds of one drain of so many events, by the mean."""
    rounds = max(1, LEAST_EVENTS // count)
    spent: list[float] = []

    def metered() -> None:
        spent.append(cpu.spent(process.drain_log))

    drain: Callable[[], None] = metered
    for _ in range(rounds):
        process.drain_seconds(people, count=count, drain=drain)
    return sum(spent) / rounds
