"""Scenarios of one person whose notifications are held: drawn by Hypothesis, reckoned by the
reference, and played by the product."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from events.bus import Entity, publish
from notifications.holds import due, release
from notifications.holds.calendar import DigestSchedule
from notifications.models import Inbox, Notification, Summary
from notifications.preferences.settings import change_settings
from tests.accounts.factory import saved_person
from tests.notifications.factories.routing import define, route, store_settings
from tests.notifications.references.holds import Chosen, Reference, minutes
from tests.notifications.strategies import MINUTE, TURNS, ZONES, weeks

FEW = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

SPAN = 36 * 60
CRASHES = ["parcels.make", "_move", "_free", "open_summaries", "_lock"]
some_time = st.integers(0, SPAN)


@dataclass(frozen=True)
class Scenario:
    """Happenings of one person; times in minutes from the start. `looks`: when anybody looks, and where they crash on
    the way; None: exactly when it is planned."""

    start: datetime
    chosen: Chosen
    arrivals: list[tuple[int, bool]]
    changes: list[tuple[int, Chosen]]
    looks: list[tuple[int, str]] | None = None


def choices(zone: Any, start: datetime) -> st.SearchStrategy[Chosen]:
    return st.builds(
        Chosen,
        schedule=st.builds(
            DigestSchedule,
            interval=st.sampled_from(["hourly", "daily", "daily", "weekly"]),
            hour=st.sampled_from([0, 2, 3, 9, 23]),
            weekday=st.integers(0, 6),
            zone=st.just(zone),
        ),
        digest=st.booleans(),
        dnd=st.booleans(),
        dnd_until=st.none() | some_time.map(lambda minute: start + (minute + SPAN // 2) * MINUTE),
        windows=weeks(longest=timedelta(hours=14)),
    )


@st.composite
def scenarios(draw: Any, *, is_late: bool) -> Scenario:
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.sampled_from(TURNS)) - timedelta(minutes=draw(st.integers(0, SPAN)))
    chosen = choices(zone, start)
    looks = st.lists(st.tuples(some_time, st.sampled_from(["", "", *CRASHES])), min_size=3, max_size=12)
    return Scenario(
        start=start,
        chosen=draw(chosen),
        arrivals=draw(st.lists(st.tuples(some_time, st.sampled_from([False] * 5 + [True])), min_size=1, max_size=6)),
        changes=[] if is_late else draw(st.lists(st.tuples(some_time, chosen), max_size=3)),
        looks=draw(looks) if is_late else None,
    )


def expected(scenario: Scenario) -> dict[int, datetime]:
    """Arrival -> when it may be given. In a minute: first what time brings, then changes, then arrivals."""
    reference = Reference(scenario.chosen)
    for minute, at in enumerate(minutes(scenario.start, scenario.start + SPAN * MINUTE)):
        reference.minute(at)
        for when, chosen in scenario.changes:
            if when == minute:
                reference.change(replace(chosen, dnd=_is_on(chosen, at)), at)
        for name, (when, is_critical) in enumerate(scenario.arrivals):
            if when == minute:
                reference.arrive(name, at, is_critical=is_critical)
    return reference.given


def _is_on(chosen: Chosen, at: datetime) -> bool:
    """Do not disturb can't be chosen with an end that has passed: then it is off."""
    return chosen.dnd and (chosen.dnd_until is None or chosen.dnd_until > at)


class Run:
    """A scenario played by the product. `given`: each arrival, and when it was free first."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.person = saved_person("somebody")
        define("odd.usual", category="odd")
        define("odd.critical", category="odd", is_critical=True)
        store_settings(self.person, **_as_settings(scenario.chosen))
        self.names: dict[int, int] = {}
        self.given: dict[int, datetime] = {}

    def play(self) -> None:
        """Go from minute to minute at which something happens or somebody looks."""
        scenario = self.scenario
        stops = {when for when, _ in [*scenario.arrivals, *scenario.changes, *(scenario.looks or [])]}
        crashes = dict(scenario.looks or [])
        at_minute = 0
        while at_minute <= SPAN:
            at = scenario.start + at_minute * MINUTE
            if scenario.looks is None or at_minute in crashes:
                self.look(at, crash=crashes.get(at_minute, ""))
            for when, chosen in scenario.changes:
                if when == at_minute:
                    chosen = replace(chosen, dnd=_is_on(chosen, at))  # noqa: PLW2901
                    change_settings(self.person.pk, now=at, **_as_settings(chosen))
                    self.note(at)
            self.arrive(at_minute, at)
            later = [stop for stop in stops if stop > at_minute]
            if scenario.looks is None and (planned := self.planned()) is not None:
                later.append(max(planned, at_minute + 1))
            if not later:
                return
            at_minute = min(later)

    def planned(self) -> int | None:
        """Minute of the planned look, which always is a full one here."""
        next_check_at = Inbox.objects.filter(pk=self.person.pk).values_list("next_check_at", flat=True).first()
        return int((next_check_at - self.scenario.start) / MINUTE) if next_check_at else None

    def arrive(self, minute: int, at: datetime) -> None:
        for name, (when, is_critical) in enumerate(self.scenario.arrivals):
            if when == minute:
                kind = "odd.critical" if is_critical else "odd.usual"
                event = publish(kind, actor=self.person, source=Entity("job", name + 1))
                self.names[event.pk] = name
                route(event, now=at)
        self.note(at)

    def look(self, at: datetime, *, crash: str) -> None:
        with crashing(crash):
            due.release_due(now=at)
        self.note(at)

    def note(self, at: datetime) -> None:
        """Take note of rows that wait for nothing any more: each was given alone or in exactly one summary."""
        free = Notification.objects.filter(user=self.person, hold="none").values_list("event_id", flat=True)
        for event_id in free:
            self.given.setdefault(self.names[event_id], at)
        given = sum(Summary.objects.filter(user=self.person).values_list("count", flat=True))
        rows = Notification.objects.filter(user=self.person, summary__isnull=False)
        in_summaries = rows.order_by().values("event").distinct().count()
        assert given == in_summaries


def _as_settings(chosen: Chosen) -> dict[str, Any]:
    schedule = chosen.schedule
    return {
        "dnd_enabled": chosen.dnd,
        "dnd_until": chosen.dnd_until if chosen.dnd else None,
        "digest_enabled": chosen.digest,
        "digest_interval": schedule.interval,
        "digest_hour": schedule.hour,
        "digest_weekday": schedule.weekday,
        "timezone": schedule.zone.key,
        "quiet_hours": chosen.windows,
    }


@contextmanager
def crashing(where: str) -> Iterator[None]:
    """A closer that is gone after this step, with its transaction."""
    if not where:
        yield
        return
    *module, name = where.split(".")
    owner = operator.attrgetter(*module)(release) if module else release
    was = getattr(owner, name)

    def step(*args: Any, **named: Any) -> None:
        was(*args, **named)
        raise RuntimeError("gone")

    with mock.patch.object(owner, name, step):
        yield
