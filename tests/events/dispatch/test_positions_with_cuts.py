"""Connections are cut at any moment, as a kill does it: still no reader by position skips an event or doubles one."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from events.accounts import User
from events.bus import NewEvent, publish, publish_many
from events.dispatch import runner, sequencer, subscribers
from events.models import Event, LogHead, Membership, ParkedEvent, Subscriber
from tests.events.concurrency import at_once
from tests.events.numbering import number_all

pytestmark = pytest.mark.service

CUT_ONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid NOT IN (pg_backend_pid(), %s)
ORDER BY random() LIMIT 1
"""
PUBLISHERS, TRANSACTIONS = 3, 40


class Cuts:
    """Publishers, sequencers and readers, and somebody who cuts one connection after the other."""

    def __init__(self) -> None:
        self.publishing = PUBLISHERS
        # Each transaction's events, and whether its commit was answered: if not, it may have gone through or not.
        self.transactions: list[tuple[list[int], bool]] = []
        self.cut = 0
        self._ticks = itertools.count(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._spared = cursor.fetchone()[0]

    def later(self) -> datetime:
        """A clock that runs ahead, so that the lease of one who was cut is over soon."""
        return timezone.now() + timedelta(seconds=10 * next(self._ticks))

    def publisher(self, seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def run() -> None:
            try:
                for _ in range(TRANSACTIONS):
                    mine: list[int] = []
                    was_answered = survives(partial(self._publish, chance, mine=mine))
                    self.transactions.append((mine, was_answered))
            finally:
                self.publishing -= 1

        return run

    def _publish(self, chance: random.Random, *, mine: list[int]) -> None:
        with transaction.atomic():
            mine.append(publish("job.progress").pk)
            time.sleep(chance.choice([0, 0.001, 0.01]))
            mine += [event.pk for event in publish_many([NewEvent("job.started")] * chance.randrange(3))]

    def until_done(self, step: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            while self.publishing:
                survives(step)
                time.sleep(0.002)

        return run

    def cutter(self) -> None:
        while self.publishing:
            with connection.cursor() as cursor:
                cursor.execute(CUT_ONE, [self._spared])
                self.cut += cursor.rowcount
            time.sleep(0.01)


def survives(step: Callable[[], object]) -> bool:
    """False if its connection was cut; the next step gets a new one, as the next task of a worker does."""
    try:
        step()
    except (OperationalError, InterfaceError):
        connection.close()
        return False
    connection.close_if_unusable_or_obsolete()
    return True


class Position:
    """A reader that remembers nothing but how far it came."""

    def __init__(self) -> None:
        self.after = 0
        self.seen: list[tuple[int, int]] = []

    def step(self) -> None:
        found = Event.objects.filter(position__gt=self.after).order_by("position")
        for position, pk in found.values_list("position", "pk")[:7]:
            self.seen.append((position or 0, pk))
            self.after = position or 0


@pytest.fixture
def written(committed, registry, owner: User) -> None:
    """A transactional reader that writes down each event, which can be done once only."""

    @subscribers.subscriber("written", transactional=True, start=0)
    def write(events: list[Event]) -> None:
        rows = [Membership(entity_type="event", entity_id=event.pk, user=owner, role="watcher") for event in events]
        Membership.objects.bulk_create(rows)

    subscribers.enroll()


@pytest.mark.usefixtures("written")
def test_no_reader_skips_or_doubles_while_connections_are_cut(reader):
    cuts, readers, leased = Cuts(), [Position(), Position()], reader("leased", transactional=False)
    catching_up = [lambda name=name: runner.catch_up(name, now=cuts.later()) for name in ("written", leased.name)]
    at_once(
        *[cuts.publisher(seed) for seed in range(PUBLISHERS)],
        *[cuts.until_done(lambda: sequencer.number(limit=5))] * 2,
        *[cuts.until_done(one.step) for one in readers],
        *[cuts.until_done(step) for step in catching_up * 2],
        cuts.cutter,
    )
    number_all()
    steps: list[Callable[[], object]] = [*(one.step for one in readers), *catching_up]
    for step in steps * 100:
        step()
    log = list(Event.objects.order_by("position").values_list("position", "pk"))
    assert_all_or_nothing(cuts, logged={pk for _, pk in log})
    assert cuts.cut > 20
    assert [position for position, _ in log] == list(range(1, LogHead.objects.get().position + 1))
    assert [one.seen for one in readers] == [log, log]
    assert set(Membership.objects.values_list("entity_id", flat=True)) == {pk for _, pk in log}
    assert set(leased.seen) == {pk for _, pk in log}
    assert not ParkedEvent.objects.exists()
    assert set(Subscriber.objects.values_list("attempts", "last_error")) == {(0, "")}


def assert_all_or_nothing(cuts: Cuts, *, logged: set[int]) -> None:
    """What was answered is in the log; of what wasn't, a transaction is there whole or not at all."""
    for mine, was_answered in cuts.transactions:
        assert logged.issuperset(mine) if was_answered else logged.isdisjoint(mine) or logged.issuperset(mine)
    assert logged <= {pk for mine, _ in cuts.transactions for pk in mine}
    assert any(was_answered for _, was_answered in cuts.transactions)
