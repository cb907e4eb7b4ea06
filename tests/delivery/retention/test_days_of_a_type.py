"""A type may say itself for how many days its events and their notifications are kept."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from delivery.retention import prune as pruning
from events.models import EventType
from tests.delivery.factories.retention import NOW, event, prune, row, there

pytestmark = pytest.mark.django_db


@pytest.fixture
def short(db) -> str:
    EventType.objects.filter(name="job.failed").update(keep_days=5)
    return "job.failed"


@pytest.fixture
def long(db) -> str:
    EventType.objects.filter(name="job.started").update(keep_days=1000)
    return "job.started"


def test_it_goes_sooner_than_others(owner, short):
    theirs, other = row(owner, 10, of=event(10, name=short)), row(owner, 10)
    prune()
    assert there(theirs, theirs.event, other, other.event) == [False, False, True, True]


def test_it_stays_longer_than_others(owner, long):
    theirs, other = row(owner, of=event(name=long)), row(owner)
    prune()
    assert there(theirs, theirs.event, other, other.event) == [True, True, False, False]


def test_days_within_its_own_stay(owner, short):
    theirs = row(owner, 3, of=event(3, name=short))
    prune(days=1)
    assert there(theirs, theirs.event) == [True, True]


def test_a_dry_run_counts_what_goes(owner, short, long):
    row(owner, 10, of=event(10, name=short)), row(owner, of=event(name=long)), row(owner), row(owner, 10)
    counted = pruning.count(now=NOW, days=90)
    assert (counted["notifications"], counted["events"]) == (2, 2)
    assert prune().gone == +counted


@pytest.mark.parametrize("days", [0, -1, 18_251])
def test_days_that_are_none_are_refused(days):
    event_type = EventType.objects.get(name="job.failed")
    event_type.keep_days = days
    with pytest.raises(ValidationError, match="use 1 to 18250"):
        event_type.full_clean()
