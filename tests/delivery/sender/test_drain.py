"""A drain sends what is due, hundreds at once, and what hangs costs the others nothing."""

from __future__ import annotations

import time
from multiprocessing.sharedctypes import RawValue

import pytest
from django.utils import timezone

from delivery.channels import Outcome
from delivery.models import Delivery
from delivery.sender import drain, in_flight, worker_lock
from events.transport import log_ids
from tests.conftest import person
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.fakes.channel import SENT
from tests.events.concurrency import Running, until
from tests.events.fakes.database_errors import raising

pytestmark = pytest.mark.usefixtures("committed")


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_it_sends_all_that_is_due(fake):
    boxes = [address(person(f"p{number}")) for number in range(3)]
    for box in boxes * 5:
        delivery(box, due_at=timezone.now())
    drain.drain()
    assert states() == ["sent"] * 15
    assert len(fake.sent) == 15


def test_what_an_attempt_logs_names_its_delivery_and_event(fake, monkeypatch):
    named = []

    async def outcome_of(*_arguments: object, **_more: object) -> Outcome:
        named.append(dict(log_ids.current()))
        return SENT

    monkeypatch.setattr(drain, "outcome_of", outcome_of)
    made = delivery(address(person("owner")), due_at=timezone.now())
    drain.drain()
    assert made.notification is not None
    assert named == [{"delivery": made.pk, "events": [made.notification.event_id]}]


def test_who_hangs_costs_the_others_nothing(fake):
    hung, healthy = (address(person(name)) for name in ("hung", "healthy"))
    fake.answers[hung.pk] = [SENT] * 9
    for box in [hung] * 6 + [healthy] * 30:
        delivery(box, due_at=timezone.now())
    release = fake.hang(hung)
    running = Running(drain.drain)
    until(lambda: len(fake.sent) == 30)
    assert states()[:6] == ["sending"] * fake.per_address + ["pending"] * (6 - fake.per_address)
    release()
    running.join()
    assert states() == ["sent"] * 36


def test_who_hangs_gives_its_slots_back_after_a_while(fake, monkeypatch):
    monkeypatch.setattr(in_flight, "HANGS_AFTER", 0.05)
    fake.slots = fake.most_hanging = fake.per_address
    hung, healthy = (address(person(name)) for name in ("hung", "healthy"))
    for box in [hung] * fake.slots + [healthy] * 5:
        delivery(box, due_at=timezone.now())
    release = fake.hang(hung)
    running = Running(drain.drain)
    until(lambda: states() == ["sending"] * fake.slots + ["sent"] * 5)
    release()
    running.join()


def test_no_more_hang_than_a_channel_can_bear(fake, monkeypatch):
    monkeypatch.setattr(in_flight, "HANGS_AFTER", 0.0)
    fake.slots, fake.most_hanging = fake.per_address, 1
    boxes = [address(person(name)) for name in ("one", "other")]
    for box in boxes * fake.slots:
        delivery(box, due_at=timezone.now())
    releases = [fake.hang(box) for box in boxes]
    running = Running(drain.drain)
    until(lambda: len(fake.begun) > fake.slots)
    time.sleep(2 * drain.CLAIM_AGAIN)
    assert len(fake.begun) == fake.slots + 1
    for release in releases:
        release()
    running.join()


def test_it_sees_what_comes_while_another_hangs(fake):
    hung = address(person("hung"))
    delivery(hung, due_at=timezone.now())
    release = fake.hang(hung)
    running = Running(drain.drain)
    until(lambda: not Delivery.objects.filter(state="pending").exists())
    late = delivery(address(person("late")), due_at=timezone.now())
    drain.drain()  # a hint, in another thread of the same worker: returns at once
    until(lambda: Delivery.objects.get(pk=late.pk).state == "sent")
    release()
    running.join()


def test_a_channel_s_own_mistake_is_a_failed_attempt(fake):
    box = address(person("owner"))
    made = delivery(box, due_at=timezone.now())
    fake.answers[box.pk] = [ValueError("no")]
    drain.drain()
    made.refresh_from_db()
    box.refresh_from_db()
    assert (made.state, made.reason, made.tries, box.failures) == ("pending", "internal_error", 1, 0)


def test_an_attempt_without_end_is_ended(fake, monkeypatch):
    monkeypatch.setattr(drain, "DEADLINE_GRACE", 0.0)
    fake.deadline = 0.05
    box = address(person("owner"))
    made = delivery(box, due_at=timezone.now())
    fake.hang(box)
    drain.drain()
    made.refresh_from_db()
    assert (made.state, made.reason) == ("pending", "timeout")


@pytest.mark.service
@pytest.mark.parametrize("sqlstate", ["53100", "57P03", "25006"])
def test_what_is_known_is_kept_until_the_database_takes_it(fake, monkeypatch, sqlstate):
    monkeypatch.setattr(drain, "DATABASE_PATIENCE", 0.0)
    box = address(person("owner"))
    for _ in range(fake.per_address):
        delivery(box, due_at=timezone.now())
    release, running = fake.hang(box), Running(drain.drain)
    until(lambda: len(fake.begun) == fake.per_address)
    with raising(sqlstate, on="deliveries"):
        release()
        until(lambda: sum(in_flight._kept[fake.name].values()) == fake.per_address)
        assert in_flight.free_slots(fake) == fake.slots - fake.per_address
        time.sleep(5 * drain.POLL)
    running.join()
    assert states() == ["sent"] * fake.per_address
    assert (len(fake.sent), in_flight.free_slots(fake)) == (fake.per_address, fake.slots)


@pytest.mark.service
def test_a_database_that_is_away_takes_no_drain_along_that_knows_nothing(fake, monkeypatch):
    monkeypatch.setattr(drain, "DATABASE_PATIENCE", 0.0)
    delivery(address(person("owner")), due_at=timezone.now())
    with raising("57P03", on="deliveries"), pytest.raises(ExceptionGroup, match="could not drain"):
        drain.drain()
    assert states() == ["pending"]


@pytest.fixture
def _stopping(monkeypatch) -> None:
    monkeypatch.setattr(worker_lock, "_is_stopping", RawValue("b", 0))


@pytest.mark.usefixtures("_stopping")
def test_told_to_stop_it_finishes_what_is_in_flight_and_claims_no_more(fake):
    box = address(person("owner"))
    for _ in range(fake.per_address + 2):
        delivery(box, due_at=timezone.now())
    release = fake.hang(box)
    running = Running(drain.drain)
    until(lambda: len(fake.begun) == fake.per_address)
    worker_lock.stop()
    time.sleep(3 * drain.POLL)
    release()
    running.join()
    assert states() == ["sent"] * fake.per_address + ["pending"] * 2


@pytest.mark.usefixtures("_stopping")
def test_what_can_not_be_finished_in_time_is_unknown_and_made_again(fake, monkeypatch):
    monkeypatch.setattr(drain, "FINISH_WITHIN", 0.0)
    box = address(person("owner"))
    made = delivery(box, due_at=timezone.now())
    fake.hang(box)
    running = Running(drain.drain)
    until(lambda: fake.begun)
    worker_lock.stop()
    running.join()
    made.refresh_from_db()
    assert (made.state, made.attempts.get().outcome) == ("pending", "unknown")
