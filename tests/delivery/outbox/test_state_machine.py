"""Whatever happens in whatever order, a delivery is where a slow and obvious account of it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.channels import Outcome, Whose
from delivery.models import Attempt, Delivery
from delivery.outbox import outbox, rescue, settle
from delivery.outbox.lease import LEASE, Leased
from delivery.outbox.settle import Result
from tests.delivery.factories.deliveries import NOON, address, delivery
from tests.delivery.fakes.channel import FakeChannel, installed
from tests.delivery.manual_sender import claim

pytestmark = pytest.mark.django_db

OUTCOMES = {
    "sent": Outcome("sent"),
    "retry": Outcome("retry", "http_5xx"),
    "ours": Outcome("retry", "our_dns", whose=Whose.OURS),
    "dead": Outcome("dead", "refused"),
    "skipped": Outcome("skipped", "channel_says_so"),
}
STEPS = st.one_of(
    st.tuples(st.just("claim"), st.just("")),
    st.tuples(st.just("settle"), st.sampled_from(sorted(OUTCOMES))),
    # An old claim's outcome, after others may have taken over.
    st.tuples(st.just("settle late"), st.sampled_from(sorted(OUTCOMES))),
    st.tuples(st.just("release"), st.just("")),
    st.tuples(st.just("lease ends"), st.just("")),
    st.tuples(st.just("rescue"), st.just("")),
    st.tuples(st.just("resend"), st.just("")),
    st.tuples(st.just("wait"), st.just("")),
)
# What rarely comes about step by step.
LOST = [("claim", ""), ("lease ends", ""), ("rescue", "")]
OVERTAKEN = [*LOST, ("claim", ""), ("settle late", "sent")]
FAILED = [("claim", ""), ("settle", "retry"), ("wait", "")]
MOVES = st.lists(
    st.one_of(
        st.just(LOST),
        st.just(OVERTAKEN),
        st.just(FAILED),
        st.just([("claim", "")]),
        st.lists(STEPS, min_size=1, max_size=3),
    ),
    min_size=2,
    max_size=7,
).map(lambda moves: [step for move in moves for step in move])
RETRIES = 3
EXPIRED = LEASE + timedelta(seconds=1)


@dataclass
class Account:
    """One delivery, by hand."""

    state: str = "pending"
    tries: int = 0
    is_due: bool = True
    is_expired: bool = False
    rests_until: datetime = NOON
    holder: int | None = None
    attempts: list[str] = field(default_factory=list)

    def claim(self, number: int) -> bool:
        if self.state != "pending" or not self.is_due:
            return False
        self.state, self.holder, self.is_expired = "sending", number, False
        self.attempts.append("started")
        return True

    def settle(self, number: int, place: int, outcome: str, *, now: datetime) -> None:
        is_rescued = self.state == "pending" and self.attempts[place:] == ["unknown"]
        if not is_rescued and (self.state != "sending" or self.holder != number):
            if self.attempts[place] in ("started", "unknown"):
                self.attempts[place] = "superseded"
            return
        self.holder = None
        if outcome == "ours":
            self.state, self.is_due, self.attempts[place] = "pending", False, "retry"
            return
        self.tries += 1
        is_last = outcome == "retry" and self.tries > RETRIES
        self.state = "dead" if is_last else "pending" if outcome == "retry" else outcome
        self.is_due = outcome != "retry"
        self.attempts[place] = "dead" if is_last else outcome
        if outcome == "sent":
            self.rests_until = now + outbox.PAUSE

    def release(self, number: int) -> bool:
        if self.state != "sending" or self.holder != number:
            return False
        self.state, self.is_due, self.holder = "pending", True, None
        self.attempts.pop()
        return True

    def rescue(self) -> None:
        if self.state == "sending" and self.is_expired:
            self.attempts[-1] = "unknown"
            often = self.attempts.count("unknown") >= rescue.MOST_UNKNOWN
            self.state, self.holder = "dead" if often else "pending", None

    def resend(self, *, now: datetime) -> None:
        if self.state in ("sent", "dead", "skipped") and now >= self.rests_until:
            self.state, self.tries, self.is_due = "pending", 0, True
            self.rests_until = now + outbox.PAUSE


class Real:
    """The same steps, done to the rows."""

    def __init__(self, fake: FakeChannel, made: Delivery) -> None:
        self.fake, self.made, self.now = fake, made, NOON
        self.claims: list[Leased] = []

    def claim(self) -> bool:
        claimed = claim(self.fake, now=self.now)
        self.claims += claimed
        return bool(claimed)

    def settle(self, number: int, outcome: str) -> None:
        settle.settle([Result(self.claims[number], OUTCOMES[outcome], 5)], now=self.now)
        # The breaker has its own tests.
        self.made.address.__class__.objects.update(failures=0, open_until=None)

    def release(self, number: int) -> bool:
        return rescue.release([self.claims[number]]) > 0

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    @property
    def shown(self) -> tuple[str, int, list[str]]:
        row = Delivery.objects.get(pk=self.made.pk)
        return row.state, row.tries, list(Attempt.objects.order_by("id").values_list("outcome", flat=True))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=MOVES)
def test_it_is_where_the_account_says(owner, steps):
    Delivery.objects.all().delete()
    fake = FakeChannel()
    with installed(fake):
        account, real = Account(), Real(fake, delivery(address(owner)))
        places: list[int] = []
        for step, outcome in steps:
            run(step, outcome, account, real, places)
            assert real.shown == (account.state, account.tries, account.attempts)


def run(step: str, outcome: str, account: Account, real: Real, places: list[int]) -> None:
    last = len(places) - 1
    if step == "claim":
        claimed = account.claim(len(places))
        if claimed:
            places.append(len(account.attempts) - 1)
        assert real.claim() == claimed
    elif step in ("settle", "settle late") and places:
        number = last if step == "settle" else 0
        if places[number] >= 0:
            account.settle(number, places[number], outcome, now=real.now)
            real.settle(number, outcome)
    elif step == "release" and places and places[last] >= 0:
        released = account.release(last)
        assert real.release(last) == released
        if released:
            places[last] = -1
    elif step == "lease ends":
        account.is_expired = account.state == "sending"
        account.is_due = account.is_due or account.state == "sending"
        real.pass_time(EXPIRED)
        # Our own failures wait for less than a lease at first, retries too.
        settle_due(account, real)
    elif step == "rescue":
        account.rescue()
        rescue.rescue(now=real.now)
        settle_due(account, real)
    elif step == "resend":
        account.resend(now=real.now)
        outbox.resend([real.made.pk], now=real.now)
    elif step == "wait":
        real.pass_time(timedelta(hours=1))
        account.is_expired = account.state == "sending"
        settle_due(account, real)


def settle_due(account: Account, real: Real) -> None:
    """Whether it is due is the schedule's; that has its own tests."""
    due_at: datetime = Delivery.objects.values_list("due_at", flat=True).get(pk=real.made.pk)
    if account.state == "pending":
        account.is_due = due_at <= real.now
