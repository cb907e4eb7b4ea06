"""After trouble of the database workers beat and write what they know before anybody's deliveries are taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

import pytest
from django.db import Error
from django.utils import timezone

from delivery import sweep
from delivery.models import Delivery
from delivery.outbox import rescue
from delivery.outbox.lease import BEAT, LEASE
from events.db import clock
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.manual_sender import claim
from tests.events.fakes.database_errors import of_sqlstate, raising

pytestmark = pytest.mark.django_db

BEGAN = timezone.now()


@pytest.fixture
def sweep_at(monkeypatch):
    """One process's sweep, so many seconds after it began."""
    monkeypatch.setattr(sweep, "_watch", rescue.Watch())

    def run(seconds: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: BEGAN + timedelta(seconds=seconds))
        sweep.sweep()

    return run


@pytest.fixture
def lost(owner, fake):
    """A delivery whose worker was lost."""
    made = delivery(address(owner))
    claim(fake, now=BEGAN - timedelta(hours=1))
    return made


@pytest.fixture
def steady(sweep_at):
    for seconds in range(int(2 * BEAT.total_seconds())):
        sweep_at(seconds)
    return sweep_at


def state(made: Delivery) -> str:
    made.refresh_from_db()
    return made.state


def test_what_a_lost_worker_had_is_taken_back_by_who_has_seen_two_beats(lost, steady):
    assert state(lost) == "sending"
    steady(10)
    assert state(lost) == "pending"


@pytest.fixture
def away(monkeypatch, sweep_at):
    def run() -> None:
        def answer() -> NoReturn:
            raise of_sqlstate("57P03")

        monkeypatch.setattr(clock, "now", answer)
        with pytest.raises(Error):
            sweep.sweep()

    return run


def test_after_trouble_two_beats_are_waited_for_anew(lost, steady, away):
    away()
    for seconds in range(10, 20):
        steady(seconds)
    assert state(lost) == "sending"
    steady(20)
    assert state(lost) == "pending"


@pytest.mark.service
def test_a_database_that_reads_and_takes_no_writes_is_trouble_too(lost, steady):
    with raising("53100", on="deliveries"), pytest.raises(Error):
        steady(10)
    steady(11)
    assert state(lost) == "sending"


@pytest.mark.parametrize("seconds", [10 + LEASE.total_seconds(), -3600])
def test_so_is_a_time_without_a_look_and_a_clock_put_back(owner, fake, steady, seconds):
    made = delivery(address(owner))
    claim(fake, now=BEGAN - timedelta(days=1))
    steady(seconds)
    assert state(made) == "sending"
