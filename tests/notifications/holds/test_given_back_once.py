"""Whatever people chose, wherever they live, however late the looks, whatever crashes: each held notification is given
back exactly once, never while it is quiet, and not later than the first look after it may be.

What may be when, a reference says that walks minute by minute (quiet_reference.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from events.bus import Entity, publish
from events.dispatch import sequencer
from events.models import Event
from notifications.holds import due, release
from notifications.holds.calendar import Rhythm
from notifications.models import Inbox, Notification, Summary
from notifications.preferences.settings import change_settings
from tests.events.concurrency import rolled_back
from tests.notifications.factories.routing import define, route, settle
from tests.notifications.references.holds import Chosen, Reference, minutes
from tests.notifications.strategies import MINUTE, TURNS, ZONES, weeks

pytestmark = pytest.mark.django_db

SPAN = 36 * 60
CRASHES = ["_insert", "_move", "_free", "_announce", "_locked"]
some_time = st.integers(0, SPAN)


@dataclass(frozen=True)
class Story:
    """What happens to one person; times in minutes from the start. `looks`: when anybody looks, and whether they crash
    (where) on the way; None: exactly when it is planned."""

    start: datetime
    chosen: Chosen
    arrivals: list[tuple[int, bool]]
    changes: list[tuple[int, Chosen]]
    looks: list[tuple[int, str]] | None = None


def choices(zone: Any, start: datetime) -> st.SearchStrategy[Chosen]:
    return st.builds(
        Chosen,
        rhythm=st.builds(
            Rhythm,
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
def stories(draw: Any, *, is_late: bool) -> Story:
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.sampled_from(TURNS)) - timedelta(minutes=draw(st.integers(0, SPAN)))
    chosen = choices(zone, start)
    looks = st.lists(st.tuples(some_time, st.sampled_from(["", "", *CRASHES])), min_size=3, max_size=12)
    return Story(
        start=start,
        chosen=draw(chosen),
        arrivals=draw(st.lists(st.tuples(some_time, st.sampled_from([False] * 5 + [True])), min_size=1, max_size=6)),
        changes=[] if is_late else draw(st.lists(st.tuples(some_time, chosen), max_size=3)),
        looks=draw(looks) if is_late else None,
    )


def expected(story: Story) -> dict[int, datetime]:
    """Arrival -> when it may be given. In a minute: first what time brings, then changes, then arrivals."""
    reference = Reference(story.chosen)
    for minute, at in enumerate(minutes(story.start, story.start + SPAN * MINUTE)):
        reference.minute(at)
        for when, chosen in story.changes:
            if when == minute:
                reference.change(replace(chosen, dnd=_is_on(chosen, at)), at)
        for name, (when, is_critical) in enumerate(story.arrivals):
            if when == minute:
                reference.arrive(name, at, is_critical=is_critical)
    return reference.given


def _is_on(chosen: Chosen, at: datetime) -> bool:
    """An end that has passed can't be chosen: then it is off."""
    return chosen.dnd and (chosen.dnd_until is None or chosen.dnd_until > at)


class World:
    """The same story told to the real thing."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.person = User.objects.create(username="somebody")
        define("odd.usual", category="odd")
        define("odd.critical", category="odd", is_critical=True)
        settle(self.person, **_as_settings(story.chosen))
        self.names: dict[int, int] = {}
        self.given: dict[int, datetime] = {}

    def play(self) -> None:
        """Stops where something happens, and at each look."""
        story = self.story
        stops = {when for when, _ in [*story.arrivals, *story.changes, *(story.looks or [])]}
        crashes = dict(story.looks or [])
        at_minute = 0
        while at_minute <= SPAN:
            at = story.start + at_minute * MINUTE
            if story.looks is None or at_minute in crashes:
                self.look(at, crash=crashes.get(at_minute, ""))
            for when, chosen in story.changes:
                if when == at_minute:
                    chosen = replace(chosen, dnd=_is_on(chosen, at))  # noqa: PLW2901
                    change_settings(self.person.pk, now=at, **_as_settings(chosen))
                    self.note(at)
            self.arrive(at_minute, at)
            later = [stop for stop in stops if stop > at_minute]
            if story.looks is None and (planned := self.planned()) is not None:
                later.append(max(planned, at_minute + 1))
            if not later:
                return
            at_minute = min(later)

    def planned(self) -> int | None:
        """The minute of the planned look, which always is a full one here."""
        look_at = Inbox.objects.filter(pk=self.person.pk).values_list("look_at", flat=True).first()
        return int((look_at - self.story.start) / MINUTE) if look_at else None

    def arrive(self, minute: int, at: datetime) -> None:
        for name, (when, is_critical) in enumerate(self.story.arrivals):
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
        """What waits for nothing any more was given at this time, alone or in exactly one summary."""
        free = Notification.objects.filter(user=self.person, hold="none").values_list("event_id", flat=True)
        for event_id in free:
            self.given.setdefault(self.names[event_id], at)
        given = sum(Summary.objects.filter(user=self.person).values_list("count", flat=True))
        rows = Notification.objects.filter(user=self.person, summary__isnull=False)
        in_summaries = rows.order_by().values("event").distinct().count()
        assert given == in_summaries


def _as_settings(chosen: Chosen) -> dict[str, Any]:
    rhythm = chosen.rhythm
    return {
        "dnd_enabled": chosen.dnd,
        "dnd_until": chosen.dnd_until if chosen.dnd else None,
        "digest_enabled": chosen.digest,
        "digest_interval": rhythm.interval,
        "digest_hour": rhythm.hour,
        "digest_weekday": rhythm.weekday,
        "timezone": rhythm.zone.key,
        "quiet_hours": chosen.windows,
    }


@contextmanager
def crashing(where: str) -> Iterator[None]:
    """A closer that is gone after this step, with its transaction."""
    if not where:
        yield
        return
    was = getattr(release, where)

    def step(*args: Any, **named: Any) -> None:
        was(*args, **named)
        raise RuntimeError("gone")

    with mock.patch.object(release, where, step):
        yield
    # Another process knows nothing of it.
    due._put_off.clear()


few = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def _silent(caplog) -> None:
    caplog.set_level(logging.CRITICAL)


@settings(few, max_examples=12)
@given(story=stories(is_late=False))
@pytest.mark.usefixtures("_silent")
def test_each_is_given_exactly_when_it_may_be(story):
    with rolled_back():
        world = World(story)
        world.play()
        assert world.given == expected(story)


AFTER_THE_HOUR = Story(
    start=datetime(2026, 3, 29, 1, tzinfo=UTC),
    chosen=Chosen(rhythm=Rhythm(interval="daily", hour=0, weekday=0, zone=ZONES[0]), digest=True),
    arrivals=[(0, False), (1755, False)],
    changes=[],
    looks=[(1785, "")],
)


@settings(few, max_examples=12)
@given(story=stories(is_late=True))
@example(story=AFTER_THE_HOUR)
@pytest.mark.usefixtures("_silent")
def test_late_looks_and_crashes_give_each_once_and_never_in_quiet(story):
    with rolled_back():
        world = World(story)
        world.play()
        may = expected(story)
        worked = [story.start + minute * MINUTE for minute, crash in dict(story.looks or []).items() if not crash]
        never = story.start + 2 * SPAN * MINUTE
        # What came after the hour, before the late look, goes along with what was due: membership is by hold.
        overdue = {at for name, at in world.given.items() if may.get(name, never) <= at}
        for name, at in world.given.items():
            is_critical = story.arrivals[name][1]
            assert is_critical or story.chosen.is_free(at), story
            assert at in overdue, story
        for name, at in may.items():
            first = next((look for look in sorted(worked) if look >= at and story.chosen.is_free(look)), None)
            assert first is None or world.given.get(name, first + SPAN * MINUTE) <= first, story


@settings(few, max_examples=5)
@given(story=stories(is_late=True), jumps=st.lists(st.integers(-SPAN, SPAN), min_size=1, max_size=6))
@pytest.mark.usefixtures("_silent")
def test_a_clock_that_jumps_loses_nothing_and_gives_nothing_twice(story, jumps):
    with rolled_back():
        world = World(story)
        world.play()
        at = story.start + SPAN * MINUTE
        for jump in jumps:
            at += jump * MINUTE
            world.look(at, crash="")
        off = {"dnd_enabled": False, "digest_enabled": False, "quiet_hours": []}
        change_settings(world.person.pk, now=at, **off)
        world.note(at)
        assert set(world.given) == set(range(len(story.arrivals)))
        assert sequencer.has_unnumbered() is False
        assert Event.objects.count() == len(story.arrivals)
