"""After trouble of the database workers write what they know before anybody's deliveries are taken back."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import NoReturn

import pytest
from django.db import Error
from django.utils import timezone

from delivery import sweep
from delivery.models import Delivery
from events.db import clock
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.manual_sender import claim
from tests.events.fakes.database_errors import of_sqlstate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted(monkeypatch) -> None:
    monkeypatch.setattr(sweep, "_rescue_from", 0.0)


@pytest.fixture
def lost(owner, fake):
    """A delivery whose worker was lost."""
    made = delivery(address(owner))
    claim(fake, now=timezone.now() - timedelta(hours=1))
    return made


def state(made: Delivery) -> str:
    made.refresh_from_db()
    return made.state


def be_away(monkeypatch) -> None:
    def away() -> NoReturn:
        raise of_sqlstate("57P03")

    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", away)
        with pytest.raises(Error):
            sweep.sweep()


def test_what_a_lost_worker_had_is_taken_back(lost):
    sweep.sweep()
    assert state(lost) == "pending"


def test_after_trouble_it_is_taken_back_a_little_later(lost, monkeypatch):
    be_away(monkeypatch)
    sweep.sweep()
    assert state(lost) == "sending"
    monkeypatch.setattr(time, "monotonic", lambda: sweep._rescue_from)
    sweep.sweep()
    assert state(lost) == "pending"


def test_a_database_that_hung_is_trouble_too(lost, monkeypatch):
    monkeypatch.setattr(sweep, "SLOW", -1.0)
    sweep.sweep()
    assert state(lost) == "sending"
