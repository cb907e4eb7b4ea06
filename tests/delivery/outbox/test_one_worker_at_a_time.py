"""Whatever dies, and however long the database is away: no two workers that live send the same delivery at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.models import Attempt, Delivery
from delivery.outbox import lease, rescue
from delivery.outbox.lease import BEAT, Leased
from tests.delivery.factories.deliveries import NOON, address, delivery
from tests.delivery.fakes.channel import SENT, FakeChannel, installed
from tests.delivery.manual_sender import claim, settle

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
WORKERS, ROWS, MOST_SECONDS = 2, 4, 400
STEPS = st.lists(
    st.tuples(st.sampled_from(["go on", "kill", "go away", "come back"]), st.integers(1, 22)), min_size=2, max_size=6
)


@dataclass
class Worker:
    """Worker in turns of a second. `held`: what it sends or knows, and when that ends."""

    fake: FakeChannel
    lasts: list[int]
    now: datetime
    watch: rescue.Watch = field(default_factory=rescue.Watch)
    held: dict[int, tuple[Leased, datetime]] = field(default_factory=dict)
    beaten_at: datetime = NOON

    def sweep(self) -> None:
        self.watch.rescue(now=self.now)

    def settle(self) -> None:
        for pk, (claimed, ends) in list(self.held.items()):
            if ends <= self.now:
                settle([claimed], SENT, now=self.now)
                del self.held[pk]

    def beat(self) -> None:
        if not self.held:
            self.beaten_at = self.now
        elif self.now >= self.beaten_at + BEAT:
            lease.extend([claimed for claimed, _ends in self.held.values()], now=self.now)
            self.beaten_at = self.now

    def claim(self) -> None:
        if self.now <= self.beaten_at + 2 * BEAT:
            for one in claim(self.fake, free=1, now=self.now):
                self.held[one.outgoing.delivery.pk] = one, self.now + self.lasts.pop() * SECOND

    @property
    def turn(self) -> list[Callable[[], None]]:
        return [self.sweep, self.settle, self.beat, self.claim]


class World:
    def __init__(self, fake: FakeChannel, lasts: list[int], order: list[int]) -> None:
        self.fake, self.lasts, self.order = fake, lasts, order
        self.now, self.is_away, self.lost = NOON, False, 0
        self.workers = [self.start() for _ in range(WORKERS)]

    def start(self) -> Worker:
        return Worker(self.fake, self.lasts, self.now, beaten_at=self.now)

    def do(self, step: str) -> None:
        if step == "kill":
            self.lost += len(self.workers.pop(0).held)
            self.workers.append(self.start())
        elif step != "go on":
            self.is_away = step == "go away"

    def pass_second(self) -> None:
        """Everybody's turn, interleaved as drawn."""
        self.now += SECOND
        for worker in self.workers:
            worker.now = self.now
            if self.is_away:
                worker.watch.forget()
        parts = [part for worker in self.workers for part in worker.turn]
        for place in [] if self.is_away else self.order:
            parts[place]()
            held = [pk for worker in self.workers for pk in worker.held]
            assert len(held) == len(set(held)), "two workers send the same"


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    steps=STEPS,
    lasts=st.lists(st.integers(0, 60), min_size=ROWS, max_size=ROWS),
    order=st.permutations(range(WORKERS * 4)),
)
def test_what_one_that_lives_sends_is_nobody_else_s_and_nothing_is_lost(owner, steps, lasts, order):
    Delivery.objects.all().delete()
    for _ in range(ROWS):
        delivery(address(owner))
    fake = FakeChannel()
    with installed(fake):
        world = World(fake, [1] * 100 + lasts, order)
        for step, seconds in steps:
            world.do(step)
            for _ in range(seconds):
                world.pass_second()
        world.do("come back")
        for _ in range(MOST_SECONDS):
            if not Delivery.objects.exclude(state="sent").exists():
                break
            world.pass_second()
    outcomes = list(Attempt.objects.values_list("outcome", flat=True))
    assert outcomes.count("sent") == ROWS
    assert len(outcomes) == ROWS + world.lost
