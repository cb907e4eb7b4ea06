"""Process that drains the log, by the router and by bare statements, and has a worker run tasks, interleaved."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import redis
from django.contrib.auth.models import User
from django.utils import timezone

from bench.celery_app import QUEUE, app
from bench.drain import bare
from bench.drain.celery_peer import notify
from bench.timing import interleaved
from events.bus import Entity, NewEvent, publish_many
from events.conf import conf
from events.dispatch import pump, sequencer, subscribers
from events.models import Event, LogHead
from notifications.inbox import removal
from notifications.models import Notification

ROUNDS, PEOPLE = 3, 500
WORKER = ("-m", "celery", "-A", "bench.drain.celery_peer", "worker", "--concurrency", "2", "--loglevel", "ERROR")


def main(events: int, tasks: int) -> dict[str, list[float]]:
    """Events a second: ours, by bare statements and by tasks."""
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(PEOPLE)])
    drain_seconds(people, count=min(events, 500))
    measures = {
        "ours": lambda: events / drain_seconds(people, count=events),
        "bare": lambda: events / drain_seconds(people, count=events, drain=drain_bare),
        "tasks": lambda: tasks / task_seconds(people, count=tasks),
    }
    return interleaved(measures, rounds=ROUNDS, warm_up=0)


def drain_log() -> None:
    while sequencer.has_unnumbered():
        pump.run(now=timezone.now())


def drain_bare() -> None:
    bare.drain(after=LogHead.objects.get(pk=1).position)


def drain_seconds(people: list[User], *, count: int, drain: Callable[[], None] = drain_log) -> float:
    """Publish, then time the routing. Every event has a source of its own: none takes another's place."""
    before = Notification.objects.count()
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        publish_many(
            NewEvent("job.completed", Entity("job", number), people[number % len(people)]) for number in numbers
        )
    began = time.perf_counter()
    drain()
    seconds = time.perf_counter() - began
    # A row of an earlier round gives way to its job's next event.
    assert not subscribers.lagging(now=timezone.now())
    assert Notification.objects.count() >= before
    return seconds


def task_seconds(people: list[User], *, count: int) -> float:
    """Time from when the worker takes its first task until the last has written its row; its start is left out."""
    removal.remove(Notification.objects.all())
    events = list(Event.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    with app.producer_pool.acquire(block=True) as producer:
        for number, event_id in enumerate(events):
            notify.apply_async((event_id, people[number % len(people)].pk), producer=producer)
    queue = f"{conf.REDIS_PREFIX}:{QUEUE}"
    worker = subprocess.Popen([sys.executable, *WORKER], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis.from_url(conf.REDIS_URL) as client:
            while client.llen(queue) == len(events):
                time.sleep(0.001)
            began = time.perf_counter()
            while Notification.objects.count() < len(events):
                time.sleep(0.02)
            return (time.perf_counter() - began) * count / len(events)
    finally:
        worker.terminate()
        worker.wait(30)
