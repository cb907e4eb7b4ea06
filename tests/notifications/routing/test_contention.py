"""Workers, publishers and people all at once: every row ends where a serial order of the same actions would put it."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from events.accounts import User
from events.bus import Entity, NewEvent, publish, publish_many
from events.dispatch import replay, runner, subscribers
from events.memberships import grant
from events.models import Event, EventType, ParkedEvent
from notifications.inbox import feed, marking, push
from notifications.inbox.push import Push
from notifications.models import Notification
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings
from notifications.routing import router
from tests.accounts.factory import new_person
from tests.events.concurrency import at_once
from tests.events.numbering import number_all
from tests.notifications.factories.routing import define
from tests.notifications.references.serial_order import assert_serial, assert_surfaced_in_log_order, switches

pytestmark = [pytest.mark.service, pytest.mark.usefixtures("committed")]

PEOPLE, STEADY, JOBS = 8, 3, 4
GROUP = ["job.started", "job.progress", "job.progress", "job.completed"]


class Storm:
    """What the threads share. The first STEADY people never change a preference, and mark nothing unread."""

    def __init__(self, people: list[User], news: EventType) -> None:
        self.people, self.news = people, news
        self.busy = 6
        self.lock = threading.Lock()
        self.pushes: list[Push] = []
        self.toggles: Counter[int] = Counter()
        self._ticks = itertools.count(1)

    def worker(self) -> None:
        """As the sweeper does, with a clock that runs ahead: what is to be tried again later is tried soon."""
        while self.busy or subscribers.lagging(now=self.later()):
            number_all()
            runner.catch_up(router.NAME, now=self.later())

    def later(self) -> datetime:
        return timezone.now() + timedelta(seconds=10 * next(self._ticks))

    def doing(self, *actions: Callable[[random.Random], object], times: int, seed: int) -> Callable[[], None]:
        """Repeat one of these, by chance. Nobody else makes up for what it raises."""
        chance = random.Random(seed)

        def run() -> None:
            try:
                for _ in range(times):
                    chance.choice(actions)(chance)
                    time.sleep(chance.choice([0, 0.002, 0.01]))
            finally:
                with self.lock:
                    self.busy -= 1

        return run

    # What publishers do

    def publish_batch(self, chance: random.Random) -> None:
        publish_many([mixed(chance) for _ in range(chance.randrange(1, 80))])

    def publish_one(self, chance: random.Random) -> None:
        publish("storm.alarm")

    # What people do

    def read(self, chance: random.Random) -> None:
        user = chance.choice(self.people)
        rows = [row.pk for row in feed.page(user.pk, unread_only=True, limit=5)]
        marking.mark(user.pk, ids=rows, is_read=True, now=timezone.now())

    def unread(self, chance: random.Random) -> None:
        user = chance.choice(self.people[STEADY:])
        rows = [row.pk for row in feed.page(user.pk, limit=30) if row.is_read]
        marking.mark(user.pk, ids=rows[:3], is_read=False, now=timezone.now())

    def read_all(self, chance: random.Random) -> None:
        user = chance.choice(self.people)
        up_to = marking.state(user.pk).seq - chance.randrange(10)
        marking.mark_all(user.pk, now=timezone.now(), up_to=max(up_to, 0))

    def choose(self, chance: random.Random) -> None:
        user = chance.choice(self.people[STEADY:])
        wanted = chance.random() < 0.5
        preferences.change(user.pk, event_type_id=self.news.pk, now=timezone.now(), is_enabled=wanted)
        with self.lock:
            self.toggles[user.pk] += 1

    def switch_dnd(self, chance: random.Random) -> None:
        user = chance.choice(self.people)
        change_settings(user.pk, now=timezone.now(), dnd_enabled=chance.random() < 0.5)


def mixed(chance: random.Random) -> NewEvent:
    job = Entity("job", chance.randrange(JOBS))
    return chance.choice([NewEvent("storm.news"), *(NewEvent(name, source=job) for name in GROUP)])


@pytest.fixture
def storm(monkeypatch) -> Storm:
    people = get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(PEOPLE)])
    for number in range(JOBS):
        grant(Entity("job", number), user=people[number % 2], role="owner")
    news = define("storm.news", audience=["everyone"])
    define("storm.alarm", audience=["everyone"], is_critical=True, is_locked=True)
    made = Storm(people, news)
    real_push = push.push

    def keep(pushes, *, shared) -> None:
        with made.lock:
            made.pushes += pushes
        real_push(pushes, shared=shared)

    monkeypatch.setattr(push, "push", keep)
    return made


def run(storm: Storm) -> None:
    people = (storm.read, storm.unread, storm.read_all, storm.choose, storm.switch_dnd)
    at_once(
        storm.worker,
        storm.worker,
        *[storm.doing(storm.publish_batch, storm.publish_one, times=12, seed=seed) for seed in range(2)],
        *[storm.doing(*people, times=40, seed=seed) for seed in range(2, 6)],
    )


def told(name: str) -> Counter[tuple[int, int]]:
    """(event, person) of this type's rows in feeds."""
    rows = Notification.objects.filter(event__event_type__name=name, channel="in_app")
    return Counter(rows.values_list("event_id", "user_id"))


def assert_told_once(storm: Storm) -> None:
    """Everybody hears of each alarm; the steady of all news; the others as often as their choices allow."""
    for name, people in (("storm.alarm", storm.people), ("storm.news", storm.people[:STEADY])):
        events = Event.objects.filter(event_type__name=name)
        expected = Counter((event.pk, user.pk) for event in events for user in people)
        found = told(name)
        assert expected <= found
        assert set(found.values()) <= {1}
    events, found = Event.objects.filter(event_type__name="storm.news"), told("storm.news")
    for user in storm.people[STEADY:]:
        along = {event.position or 0: (event.pk, user.pk) in found for event in events}
        assert switches(along) <= storm.toggles[user.pk]


def assert_groups_replaced(storm: Storm) -> None:
    """Of each job its owner, who marks nothing unread, has one unread row at most, and the newest event once."""
    for number in range(JOBS):
        events = Event.objects.filter(source_entity_type="job", source_entity_id=number)
        newest = events.order_by("-position").first()
        rows = Notification.objects.filter(user=storm.people[number % 2], group_key=f"job|job|{number}")
        assert newest is None or rows.filter(event=newest).count() == 1
        assert rows.filter(is_read=False).count() <= 1


def test_every_row_ends_where_a_serial_order_would_put_it(storm, caplog):
    chance = random.Random(7)
    publish_many([mixed(chance) for _ in range(runner.BATCH)])
    run(storm)
    # A worker would make up for one, and only say so.
    assert "deadlock" not in caplog.text
    assert not ParkedEvent.objects.exists()
    assert_serial(storm.pushes)
    assert_told_once(storm)
    assert_groups_replaced(storm)
    for user in storm.people:
        assert_surfaced_in_log_order(user.pk)


def test_poison_in_the_storm_is_parked_alone_and_told_once_it_is_mended(storm):
    # Another program's row: no list of channels.
    poison = define("storm.poison", audience=["everyone"], default_channels=7)
    chance = random.Random(8)
    publish_many([*(mixed(chance) for _ in range(200)), NewEvent(poison.name), *(mixed(chance) for _ in range(200))])
    run(storm)
    [parked] = ParkedEvent.objects.all()
    assert (parked.event.event_type_id, "TypeError" in parked.error) == (poison.pk, True)
    assert_told_once(storm)
    EventType.objects.filter(pk=poison.pk).update(default_channels=["in_app"])
    assert replay.rerun(ParkedEvent.objects.get(), now=timezone.now())
    assert len(told(poison.name)) == PEOPLE
    assert_serial(storm.pushes)
