"""Whatever people chose, however late the looks, whatever crashes: what was held goes out over each address exactly
once, with its summary, and while nothing forbids it; the scenarios are those of the floor below."""

from __future__ import annotations

import logging
from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.models import Delivery
from notifications.models import Notification, Summary
from notifications.preferences.settings import change_settings
from tests.events.concurrency import rolled_back
from tests.notifications.factories.hold_scenarios import FEW, SPAN, Run, Scenario, scenarios
from tests.notifications.factories.routing import store_preference
from tests.notifications.strategies import MINUTE

pytestmark = pytest.mark.django_db


class Mailed(Run):
    """Everything is to come by mail too. `opened`: each delivery, and when it was there first."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        get_user_model().objects.filter(pk=self.person.pk).update(email="somebody@example.com")
        for kind in ("odd.usual", "odd.critical"):
            store_preference(self.person, kind, channels=["in_app", "email"])
        self.opened: dict[int, datetime] = {}

    def note(self, at: datetime) -> None:
        super().note(at)
        for pk in Delivery.objects.values_list("pk", flat=True):
            self.opened.setdefault(pk, at)


def check(run: Mailed) -> None:
    """What waits has no delivery, what is in a summary has that of the summary, all else its own."""
    for row in Notification.objects.filter(channel="email"):
        own = Delivery.objects.filter(notification=row).count()
        assert own == (row.hold == "none" and row.summary_id is None), run.scenario
    for summary in Summary.objects.all():
        assert Delivery.objects.filter(summary=summary).count() == 1, run.scenario


@pytest.fixture
def _silent(caplog) -> None:
    caplog.set_level(logging.CRITICAL)


@settings(FEW, max_examples=12)
@given(scenario=st.booleans().flatmap(lambda is_late: scenarios(is_late=is_late)))
@pytest.mark.usefixtures("_silent")
def test_each_address_gets_each_once_and_never_in_quiet(scenario):
    with rolled_back():
        run = Mailed(scenario)
        run.play()
        check(run)
        for one in Delivery.objects.select_related("notification__event__event_type"):
            is_critical = one.notification is not None and one.notification.event.event_type.is_critical
            chosen = [scenario.chosen, *(chosen for _, chosen in scenario.changes)]
            assert is_critical or any(some.is_free(run.opened[one.pk]) for some in chosen), scenario


@settings(FEW, max_examples=6)
@given(scenario=scenarios(is_late=True), jumps=st.lists(st.integers(-SPAN, SPAN), min_size=1, max_size=4))
@pytest.mark.usefixtures("_silent")
def test_a_clock_that_jumps_opens_nothing_twice_and_leaves_nothing(scenario, jumps):
    with rolled_back():
        run = Mailed(scenario)
        run.play()
        at = scenario.start + SPAN * MINUTE
        for jump in jumps:
            at += jump * MINUTE
            run.look(at, crash="")
        change_settings(run.person.pk, now=at, dnd_enabled=False, digest_enabled=False, quiet_hours=[])
        check(run)
        assert not Notification.objects.exclude(hold="none").exists()
