"""Whatever a person does meanwhile, each mail of a ladder goes out when and as the reference says, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.accounts import User
from events.bus import Entity, publish
from notifications import channels
from notifications.holds import due
from notifications.inbox import marking, seen, triage
from notifications.models import Notification, Summary
from notifications.preferences.settings import change_settings
from tests.accounts.factory import saved_person
from tests.events.concurrency import rolled_back
from tests.notifications.conftest import RecordingChannel
from tests.notifications.factories.hold_scenarios import FEW
from tests.notifications.factories.routing import NOON, define, route, store_settings
from tests.notifications.references.ladder import WAIT, Evening, expected
from tests.notifications.strategies import MINUTE

pytestmark = pytest.mark.django_db

END = 90


@st.composite
def evenings(draw: st.DrawFn) -> Evening:
    arrivals = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=4)))
    begin = draw(st.integers(0, 50))
    dealt = []
    for event in draw(st.lists(st.integers(0, len(arrivals) - 1), max_size=4, unique=True)):
        when = arrivals[event] + draw(st.integers(0, 40))
        dealt.append((event, draw(st.sampled_from(["read", "snooze", "see"])), when))
    return Evening(arrivals, (begin, begin + draw(st.integers(1, 30))), dealt)


@settings(FEW, max_examples=25)
@given(evening=evenings())
def test_each_goes_out_as_the_reference_says(evening):
    with rolled_back():
        assert play(evening) == expected(evening)


def play(evening: Evening) -> dict[int, tuple[str, int]]:
    channels.unregister("email")
    channels.register(recorder := RecordingChannel())
    person = saved_person("somebody")
    define("odd.usual", category="odd", default_channels=["in_app", "email"], ladder={"email": WAIT})
    store_settings(person)
    events: dict[int, int] = {}
    told: dict[int, tuple[str, int]] = {}
    for minute in range(END + 1):
        now = NOON + minute * MINUTE
        due.release_due(now=now)
        if minute == evening.dnd[0]:
            until = NOON + evening.dnd[1] * MINUTE
            change_settings(person.pk, now=now, dnd_enabled=True, dnd_until=until)
        for number, when in enumerate(evening.arrivals):
            if when == minute:
                event = publish("odd.usual", actor=person, source=Entity("job", number + 1))
                events[event.pk] = number
                route(event, now=now)
        for number, what, when in evening.dealt:
            if when == minute:
                deal_with(person, number, what=what, now=now)
        for opened in recorder.opened:
            assert events[opened.event_id] not in told or told[events[opened.event_id]][0] == "alone"
            told.setdefault(events[opened.event_id], ("alone", minute))
        for event_id in Notification.objects.filter(summary__isnull=False, channel="email").values_list(
            "event_id", flat=True
        ):
            told.setdefault(events[event_id], ("summary", minute))
    assert len(recorder.opened) == len({opened.event_id for opened in recorder.opened})
    assert len(recorder.summaries) == Summary.objects.count()
    return told


def deal_with(person: User, number: int, *, what: str, now: datetime) -> None:
    row = Notification.objects.get(user=person, channel="in_app", event__source_entity_id=number + 1)
    if what == "read":
        marking.mark(person.pk, ids=[row.pk], is_read=True, now=now)
    elif what == "snooze":
        triage.snooze(person.pk, ids=[row.pk], until=now + timedelta(days=1), now=now)
    else:
        seen.record(person.pk, seq=row.seq)
