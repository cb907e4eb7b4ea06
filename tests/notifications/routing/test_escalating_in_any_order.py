"""Alarms, looks, acknowledgements, withdrawals and ends in any order: as the slow reference says, nobody told twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.bus import Entity, publish, withdraw
from events.errors import AcknowledgementRefused
from events.models import Event
from notifications.escalations import steps
from notifications.escalations.acknowledge import acknowledge
from notifications.inbox import recount
from notifications.models import Escalation, Notification
from notifications.routing import fanout
from tests.accounts.factory import saved_person
from tests.notifications.factories.routing import NOON, define, notified, route
from tests.notifications.references.escalation import Waiting

WAIT = timedelta(minutes=10)
SOURCES = (Entity("disk", 1), Entity("disk", 2))
PEOPLE = ("owner", "carol", "boss")
ACTIONS = ["tell", "look", "look", "crash", "take", "withdraw", "fine", "replay"]
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5), st.sampled_from([0, 4, 6, 10, 25])), max_size=16
)


class Played:
    """Real events, each with its reference."""

    def __init__(self) -> None:
        self.people = {name: saved_person(name, is_superuser=name == "boss") for name in PEOPLE}
        self.people["carol"].groups.add(Group.objects.create(name="on-call"))
        escalates = {"is_critical": True, "acknowledge_minutes": 10, "escalates_to": ["group:on-call", "admins"]}
        define("odd.fire", category="odd", audience=["actor"], **escalates)
        define("odd.out", category="odd", resolves=["odd.fire"])
        self.events: list[Event] = []
        self.waiting: list[Waiting] = []

    def step(self, action: str, number: int, now) -> None:
        place = number % len(self.events) if self.events else None
        if action == "tell":
            self.events.append(publish("odd.fire", source=SOURCES[number % 2], actor=self.people["owner"]))
            route(self.events[-1], now=now)
            self.waiting.append(Waiting([{"carol"}, {"boss"}], WAIT, now + WAIT, {"owner": now}))
        elif action == "crash":
            with transaction.atomic():
                steps.advance(now=now)
                transaction.set_rollback(True)
        elif action == "look":
            while fanout.advance_each(now=now):
                pass
            for one in self.waiting:
                one.look(now)
        elif action == "fine":
            route(publish("odd.out", source=SOURCES[number % 2]), now=now)
            for event, one in zip(self.events, self.waiting, strict=True):
                if event.source == SOURCES[number % 2]:
                    one.end()
        elif place is not None:
            self.one(action, self.events[place], self.waiting[place], PEOPLE[number % 3], now)

    def one(self, action: str, event: Event, waiting: Waiting, person: str, now) -> None:
        if action == "withdraw" and withdraw(event):
            route(Event.objects.filter(event_type__name="event.withdrawn").latest("pk"), now=now)
            waiting.end()
        elif action == "replay":
            route(event, now=now)
        elif action == "take":
            row = Notification.objects.filter(event=event, user=self.people[person], channel="in_app").first()
            with suppress(AcknowledgementRefused, Notification.DoesNotExist):
                acknowledge(self.people[person].pk, notification_id=row.pk if row else 0, now=now)
            waiting.acknowledge(person)

    def check(self) -> None:
        assert not recount.wrong_among([user.pk for user in self.people.values()])
        for event, waiting in zip(self.events, self.waiting, strict=True):
            row = Escalation.objects.select_related("acknowledged_by").get(event=event)
            assert set(notified(event)) == set(waiting.told)
            assert row.due_at == waiting.due
            assert row.acknowledged_by == (self.people[waiting.taken_by] if waiting.taken_by else None)


@given(STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_it_is_as_the_reference_says(db, played_steps):
    with transaction.atomic():
        played, now = Played(), NOON
        for action, number, minutes in played_steps:
            now += timedelta(minutes=minutes)
            played.step(action, number, now)
            played.check()
        transaction.set_rollback(True)
