"""The process that `bench.drain` measures: drains the log, then has a worker run as many tasks, in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import redis  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.celery_peer import app, tell  # noqa: E402
from events import sequence, subscribers  # noqa: E402
from events.bus import Entity, NewEvent, publish_many  # noqa: E402
from events.models import Event  # noqa: E402
from notifications import router  # noqa: E402
from notifications.models import Notification  # noqa: E402

ROUNDS, PEOPLE = 3, 500
WORKER = ("-m", "celery", "-A", "bench.celery_peer", "worker", "--concurrency", "2", "--loglevel", "ERROR")


def main() -> None:
    events, tasks = map(int, sys.argv[1:])
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(PEOPLE)])
    drained(people, count=min(events, 500))
    rates: dict[str, list[float]] = {"ours": [], "tasks": []}
    for _ in range(ROUNDS):
        rates["ours"].append(events / drained(people, count=events))
        rates["tasks"].append(tasks / by_tasks(people, count=tasks))
    print(json.dumps(rates))


def drained(people: list[User], *, count: int) -> float:
    """Every event has a source of its own: none takes another's place."""
    before = Notification.objects.count()
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        publish_many(NewEvent("job.completed", Entity("job", one), people[one % len(people)]) for one in numbers)
    began = time.perf_counter()
    sequence.number_all()
    subscribers.catch_up(router.NAME, now=timezone.now())
    seconds = time.perf_counter() - began
    # A row of an earlier round gives way to its job's next event.
    assert not subscribers.lagging(now=timezone.now())
    assert Notification.objects.count() >= before
    return seconds


def by_tasks(people: list[User], *, count: int) -> float:
    """From when the worker takes its first task until the last has written its row; its start is left out."""
    Notification.objects.all().delete()
    events = list(Event.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    with app.producer_pool.acquire(block=True) as producer:
        for number, event_id in enumerate(events):
            tell.apply_async((event_id, people[number % len(people)].pk), producer=producer)
    queue = f"{settings.REDIS_PREFIX}:bench-peer"
    worker = subprocess.Popen([sys.executable, *WORKER], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            while client.llen(queue) == len(events):
                time.sleep(0.001)
            began = time.perf_counter()
            while Notification.objects.count() < len(events):
                time.sleep(0.02)
            return (time.perf_counter() - began) * count / len(events)
    finally:
        worker.terminate()
        worker.wait(30)


if __name__ == "__main__":
    main()
