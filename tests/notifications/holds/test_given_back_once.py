"""Whatever people chose, wherever they live, however late the looks, whatever crashes: each held notification is given
back exactly once, never while it is quiet, and not later than the first look after it may be.

What may be when, a reference says that walks minute by minute (references/holds.py).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.dispatch import sequencer
from events.models import Event
from notifications.holds.calendar import DigestSchedule
from notifications.preferences.settings import change_settings
from tests.events.concurrency import rolled_back
from tests.notifications.factories.hold_scenarios import FEW, SPAN, Run, Scenario, expected, scenarios
from tests.notifications.references.holds import Chosen
from tests.notifications.strategies import MINUTE, ZONES

pytestmark = pytest.mark.django_db


@pytest.fixture
def _silent(caplog) -> None:
    caplog.set_level(logging.CRITICAL)


@settings(FEW, max_examples=12)
@given(scenario=scenarios(is_late=False))
@pytest.mark.usefixtures("_silent")
def test_each_is_given_exactly_when_it_may_be(scenario):
    with rolled_back():
        run = Run(scenario)
        run.play()
        assert run.given == expected(scenario)


AFTER_THE_HOUR = Scenario(
    start=datetime(2026, 3, 29, 1, tzinfo=UTC),
    chosen=Chosen(schedule=DigestSchedule(interval="daily", hour=0, weekday=0, zone=ZONES[0]), digest=True),
    arrivals=[(0, False), (1755, False)],
    changes=[],
    looks=[(1785, "")],
)


@settings(FEW, max_examples=12)
@given(scenario=scenarios(is_late=True))
@example(scenario=AFTER_THE_HOUR)
@pytest.mark.usefixtures("_silent")
def test_late_looks_and_crashes_give_each_once_and_never_in_quiet(scenario):
    with rolled_back():
        run = Run(scenario)
        run.play()
        may = expected(scenario)
        worked = [scenario.start + minute * MINUTE for minute, crash in dict(scenario.looks or []).items() if not crash]
        never = scenario.start + 2 * SPAN * MINUTE
        # What came after the hour, before the late look, goes along with what was due: membership is by hold.
        overdue = {at for name, at in run.given.items() if may.get(name, never) <= at}
        for name, at in run.given.items():
            is_critical = scenario.arrivals[name][1]
            assert is_critical or scenario.chosen.is_free(at), scenario
            assert at in overdue, scenario
        for name, at in may.items():
            first = next((look for look in sorted(worked) if look >= at and scenario.chosen.is_free(look)), None)
            assert first is None or run.given.get(name, first + SPAN * MINUTE) <= first, scenario


@settings(FEW, max_examples=5)
@given(scenario=scenarios(is_late=True), jumps=st.lists(st.integers(-SPAN, SPAN), min_size=1, max_size=6))
@pytest.mark.usefixtures("_silent")
def test_a_clock_that_jumps_loses_nothing_and_gives_nothing_twice(scenario, jumps):
    with rolled_back():
        run = Run(scenario)
        run.play()
        at = scenario.start + SPAN * MINUTE
        for jump in jumps:
            at += jump * MINUTE
            run.look(at, crash="")
        off = {"dnd_enabled": False, "digest_enabled": False, "quiet_hours": []}
        change_settings(run.person.pk, now=at, **off)
        run.note(at)
        assert set(run.given) == set(range(len(scenario.arrivals)))
        assert sequencer.has_unnumbered() is False
        assert Event.objects.count() == len(scenario.arrivals)
