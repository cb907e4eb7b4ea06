"""What goes with age, and what stays however old it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import ForeignObjectRel
from django.db.models.deletion import SET_NULL
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.models import Address, Attempt, Delivery
from delivery.retention import prune as pruning
from events.dispatch import subscribers
from events.models import Event, EventType, ParkedEvent, Subscriber
from notifications.models import Fanout, Mute, Notification, ReadingBatch, Summary
from tests.delivery.factories.retention import (
    DAYS,
    NOW,
    OLD,
    YOUNG,
    event,
    position_of,
    prune,
    row,
    sent,
    summary,
    there,
)
from tests.events.concurrency import rolled_back

pytestmark = pytest.mark.django_db


def test_an_old_row_goes_with_its_event_deliveries_and_attempts(owner):
    old = row(owner)
    delivery = sent(old, tries=2)
    assert prune().gone == {"notifications": 1, "deliveries": 1, "delivery_attempts": 2, "events": 1}
    assert there(old, old.event, delivery) == [False, False, False]
    assert not Attempt.objects.exists()


def test_a_young_row_stays_with_its_event(owner):
    young = row(owner, YOUNG)
    assert prune().gone == {}
    assert there(young, young.event) == [True, True]


def test_an_event_stays_while_a_young_row_points_to_it(owner, member):
    happened = event()
    gone, stays = row(owner, of=happened), row(member, YOUNG, of=happened)
    prune()
    assert there(gone, stays, happened) == [False, True, True]


def test_a_reading_can_be_undone_for_seven_days(owner):
    week = timedelta(days=7)
    for created_at in (NOW - week - timedelta(seconds=1), NOW - week):
        ReadingBatch.objects.create(user=owner, created_at=created_at)
    assert prune().gone == {"reading_batches": 1}
    assert ReadingBatch.objects.get().created_at == NOW - week


def test_a_mute_goes_once_it_has_ended_however_old_it_is(owner):
    for number, until in enumerate([None, NOW, NOW + timedelta(seconds=1)]):
        Mute.objects.create(user=owner, entity_type="job", entity_id=number, until=until, created_at=NOW)
    assert pruning.count(now=NOW, days=DAYS)["mutes"] == 1
    assert prune().gone == {"mutes": 1}
    assert set(Mute.objects.values_list("entity_id", flat=True)) == {0, 2}


def test_an_old_event_that_nobody_was_told_of_goes():
    happened = event()
    prune()
    assert there(happened) == [False]


@pytest.mark.parametrize("hold", ["dnd", "quiet", "digest"])
def test_what_is_held_stays(owner, hold):
    held = row(owner, hold=hold)
    prune()
    assert there(held, held.event) == [True, True]


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_what_is_on_its_way_stays(owner, state):
    on_its_way = row(owner, channel="webhook")
    delivery = sent(on_its_way, state=state)
    prune()
    assert there(on_its_way, delivery, on_its_way.event) == [True, True, True]


@pytest.mark.parametrize("state", ["sent", "dead", "skipped"])
def test_what_has_ended_goes(owner, state):
    delivery = sent(row(owner, channel="webhook"), state=state)
    prune()
    assert there(delivery) == [False]


def test_an_event_without_a_number_stays():
    happened = event(is_numbered=False)
    prune()
    assert there(happened) == [True]


def test_an_audience_that_is_still_being_told_stays_with_its_event(owner):
    told = row(owner)
    Fanout.objects.create(event=told.event, until_user=9)
    prune()
    assert there(told, told.event) == [True, True]


def test_a_parked_event_stays(owner):
    happened = event()
    parked = ParkedEvent.objects.create(subscriber=Subscriber.objects.get(), event=happened, error="no")
    prune()
    assert there(happened, parked) == [True, True]


def test_an_old_summary_goes_with_its_deliveries(owner):
    old = summary(owner)
    to = Address.objects.create(user=owner, kind="email", target="a@example.com")
    delivery = Delivery.objects.create(summary=old, address=to, kind="email", state="sent", purpose="summary")
    assert prune().gone == {"summaries": 1, "deliveries": 1}
    assert there(old, delivery) == [False, False]


def test_a_summary_stays_while_a_row_belongs_to_it(owner):
    old = summary(owner)
    row(owner, YOUNG, summary=old)
    prune()
    assert there(old) == [True]


def test_a_summary_goes_with_the_last_of_its_rows(owner):
    old = summary(owner)
    row(owner, OLD, summary=old)
    prune()
    assert there(old) == [False]


@pytest.mark.parametrize(
    ("state", "age", "stays"), [("sent", OLD, False), ("pending", OLD, True), ("sent", YOUNG, True)]
)
def test_tests_and_confirmations_go_with_age(owner, state, age, stays):
    to = Address.objects.create(user=owner, kind="webhook", target="https://example.com/")
    delivery = Delivery.objects.create(address=to, kind="webhook", state=state, purpose="test")
    Delivery.objects.filter(pk=delivery.pk).update(created_at=NOW - timedelta(days=age))
    prune()
    assert there(delivery) == [stays]


def test_progress_that_no_feed_shows_goes_after_a_day():
    superseded, fresh = event(1.1, name="job.progress"), event(0.9, name="job.progress")
    prune()
    assert there(superseded, fresh) == [False, True]


def test_progress_that_a_feed_shows_stays(owner):
    shown = row(owner, 1.1, of=event(1.1, name="job.progress"))
    prune()
    assert there(shown.event) == [True]


def test_progress_that_the_router_has_not_read_stays_even_while_it_is_paused():
    waiting = event(1.1, name="job.progress")
    Subscriber.objects.update(position=0, is_paused=True)
    prune()
    assert there(waiting) == [True]


@pytest.mark.parametrize("name", ["job.completed", "job.started"])
def test_other_events_that_no_feed_shows_stay_for_their_time(name):
    happened = event(1.1, name=name)
    prune()
    assert there(happened) == [True]


def test_days_shortens_the_time(owner):
    young = row(owner, YOUNG)
    prune(days=5)
    assert there(young, young.event) == [False, False]


def test_every_table_that_points_to_what_goes_is_dealt_with():
    """A new one: say in delivery.retention.tables whether it keeps its row, or take it along."""
    pointing = {
        (relation.related_model._meta.db_table, relation.on_delete is not SET_NULL)
        for model in (Event, Notification, Summary, Delivery, Attempt)
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel)
    }
    assert pointing == {
        ("notifications", True),
        ("notifications", False),  # to its summary
        ("fanouts", True),
        ("escalations", True),  # goes with its event
        ("parked_events", True),
        ("deliveries", True),
        ("delivery_attempts", True),
        ("events", True),  # to the later one that ended it, which needn't be there
    }


AGES = st.sampled_from([0.5, 1.5, 89.9, 90.1, 200.0])
STATES = st.sampled_from([None, None, "sent", "dead", "skipped", "pending", "sending"])


@dataclass
class Happened:
    age: float
    name: str
    is_numbered: bool
    is_parked: bool
    is_told: bool
    rows: list[tuple[float, str, str | None]]


@dataclass
class Reading:
    share: float
    is_paused: bool


HAPPENED = st.builds(
    Happened,
    age=AGES,
    name=st.sampled_from(["job.progress", "job.completed"]),
    is_numbered=st.sampled_from([True, True, True, False]),
    is_parked=st.sampled_from([True, False, False, False]),
    is_told=st.sampled_from([True, True, True, False]),
    rows=st.lists(st.tuples(AGES, st.sampled_from(["none", "none", "dnd", "digest"]), STATES), max_size=2),
)
READING = st.builds(Reading, share=st.sampled_from([0.0, 0.5, 1.0, 1.0]), is_paused=st.booleans())


def staying(
    log: list[Happened], *, router: int, reader: Reading, read_to: int
) -> tuple[set[int], set[tuple[int, int]]]:
    """By hand, one by one: which events stay, and which rows (event, number)."""
    events, rows = set(), set()
    for place, one in enumerate(log):
        position = 1 + sum(earlier.is_numbered for earlier in log[:place]) if one.is_numbered else None
        for number, (age, hold, state) in enumerate(one.rows):
            is_old = age > DAYS and one.age > DAYS
            is_done = hold == "none" and state not in ("pending", "sending") and one.is_told
            if not (is_old and is_done and position is not None and position <= router):
                rows.add((place, number))
        is_past = one.age > DAYS or (one.age > 1 and one.name == "job.progress" and (position or 0) <= router)
        is_read = position is not None and (reader.is_paused or position <= read_to)
        is_read = is_read and position is not None and position <= router
        is_free = not one.is_parked and one.is_told and all(place != event for event, _ in rows)
        if not (is_past and is_read and is_free):
            events.add(place)
    return events, rows


def test_it_takes_exactly_what_the_reference_lets_go(owner, member, monkeypatch):
    monkeypatch.setattr(subscribers, "_registry", dict(subscribers._registry))
    subscribers.subscriber("reader", "*", start=0)(lambda events: None)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(HAPPENED, max_size=6), READING, st.sampled_from([0.5, 1.0, 1.0, 1.0]))
    def check(log: list[Happened], reader: Reading, routed: float) -> None:
        with rolled_back():
            events = [event(one.age, name=one.name, is_numbered=one.is_numbered) for one in log]
            people = [owner, member]
            rows: dict[tuple[int, int], Notification] = {}
            for place, one in enumerate(log):
                for number, (age, hold, state) in enumerate(one.rows):
                    made = row(people[number], age, of=events[place], hold=hold, channel="webhook")
                    rows[place, number] = made
                    if state:
                        sent(made, state=state)
                if one.is_parked:
                    router = Subscriber.objects.get(name="notifications")
                    ParkedEvent.objects.create(subscriber=router, event=events[place], error="no")
                if not one.is_told:
                    Fanout.objects.create(event=events[place], until_user=9)
            head = sum(one.is_numbered for one in log)
            router_at, reader_at = int(head * routed), int(head * reader.share)
            first = min((one.position for one in events if one.position), default=1) - 1
            Subscriber.objects.filter(name="notifications").update(position=first + router_at)
            Subscriber.objects.filter(name="reader").update(position=first + reader_at, is_paused=reader.is_paused)

            expected = pruning.count(now=NOW, days=DAYS)
            stay_events, stay_rows = staying(log, router=router_at, reader=reader, read_to=reader_at)
            done = prune()
            assert {place for place, one in enumerate(events) if there(one) == [True]} == stay_events
            assert {key for key, one in rows.items() if there(one) == [True]} == stay_rows
            assert done.gone == +expected
            lost = [p for p, one in enumerate(events) if p not in stay_events and position_of(one) > first + reader_at]
            missed = Counter(Subscriber.objects.get(name="reader").gaps.values_list("events", flat=True))
            assert missed == (Counter([len(lost)]) if lost else Counter())

    check()


def test_the_types_of_progress_are_told_by_name_and_group():
    EventType.objects.create(name="render.progress", category="render", replaces="render")
    EventType.objects.create(name="course.progress", category="school")
    superseded, own = event(1.1, name="render.progress"), event(1.1, name="course.progress")
    prune()
    assert there(superseded, own) == [False, True]
