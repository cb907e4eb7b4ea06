"""A drain's beats keep what takes long its own; while it can't beat, it begins nothing more."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from delivery.channels import Outcome, Outgoing
from delivery.models import Delivery
from delivery.outbox import rescue
from delivery.outbox.lease import BEAT
from delivery.sender import drain, heartbeat, in_flight
from tests.conftest import person
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.fakes.channel import SENT
from tests.events.concurrency import Running, until
from tests.events.fakes.database_errors import raising

pytestmark = pytest.mark.usefixtures("committed")

# A beat is an update of a row that stays as it is but for its lease.
ONLY_BEATS = "OLD.state = 'sending' AND NEW.state = 'sending'"


@pytest.fixture(autouse=True)
def _fast(monkeypatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT", 0.05)
    monkeypatch.setattr(in_flight, "HANGS_AFTER", 0.0)


@pytest.fixture
def hung(fake):
    """A delivery whose receiver gives no answer while the test runs, and the drain that waits for it."""
    fake.deadline = 3600.0
    made = delivery(address(person("hung")), due_at=timezone.now())
    release, running = fake.hang(made.address), Running(drain.drain)
    until(lambda: fake.begun)
    yield made
    release()
    running.join()


def state(made: Delivery) -> str:
    made.refresh_from_db()
    return made.state


def test_what_takes_long_stays_its_worker_s(hung):
    Delivery.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    until(Delivery.objects.filter(lease_until__gt=timezone.now()).exists)
    assert rescue.rescue(now=timezone.now()) == []


def test_each_beat_moves_on_until_when_what_waits_may_begin(fake, hung):
    """At first it is what the claim allowed; these beats are a hundred times as often."""
    seen: list[float] = []

    def answer(outgoing: Outgoing) -> Outcome:
        seen.append(outgoing.begins_until)
        return SENT

    fake.answers[hung.address_id] = [answer]
    Delivery.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    until(Delivery.objects.filter(lease_until__gt=timezone.now()).exists)
    time.sleep(heartbeat.BEAT)
    fake.hanging[hung.address_id].set()
    until(lambda: seen)
    assert seen[0] < time.monotonic() + BEAT.total_seconds()


def test_one_that_somebody_has_taken_over_stays_theirs(hung):
    earlier = timezone.now() - timedelta(hours=1)
    Delivery.objects.update(lease_until=earlier, claim_token="00000000-0000-0000-0000-000000000007")
    time.sleep(4 * heartbeat.BEAT)
    assert Delivery.objects.get().lease_until == earlier


@pytest.mark.service
def test_nothing_is_begun_on_a_stale_beat(fake, hung):
    with raising("53100", on="deliveries", when=ONLY_BEATS):
        time.sleep(4 * heartbeat.BEAT)
        late = delivery(address(person("late")), due_at=timezone.now())
        time.sleep(3 * drain.CLAIM_AGAIN)
        assert state(late) == "pending"
    until(lambda: state(late) == "sent")


def test_a_drain_with_something_long_goes_on_beyond_its_time(fake, hung, monkeypatch):
    """Another beside it would keep one more process of the worker's pool, for as long as the next long one takes."""
    monkeypatch.setattr(time, "monotonic", lambda at=time.monotonic: at() + 2 * drain.CLAIM_FOR)
    time.sleep(3 * drain.POLL)
    late = delivery(address(person("late")), due_at=timezone.now())
    until(lambda: state(late) == "sent")
