"""Told, read, done, snoozed, withdrawn, over and undone in any order: the badge says what the rows say."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.bus import Entity, publish, withdraw
from events.models import Event
from notifications.holds import due, undo
from notifications.inbox import recount, triage
from notifications.models import Inbox, Notification, ReadingBatch
from tests.accounts.factory import saved_person
from tests.notifications.factories.routing import NOON, define, route

SOURCES = (Entity("disk", 1), Entity("disk", 2))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["tell", "tell", "fine", "withdraw", "at once", "read", "done", "snooze", "wake", "undo", "replay"]
        ),
        st.integers(0, 3),
    ),
    max_size=14,
)


class Played:
    """What must be so, kept beside: which events are over, and which withdrawn."""

    def __init__(self) -> None:
        self.person = saved_person("somebody")
        define("odd.alarm", audience=["actor"])
        define("odd.fine", audience=["mentioned"], resolves=["odd.alarm"])
        self.events: list[Event] = []
        self.over: set[int] = set()
        self.withdrawn: set[int] = set()

    def step(self, action: str, number: int, now) -> None:
        source = SOURCES[number % 2]
        one = self.events[number % len(self.events)] if self.events else None
        if action in ("tell", "at once"):
            event = publish("odd.alarm", source=source, actor=self.person)
            self.events.append(event)
            if action == "at once":
                self.take_back(event)
            route(event, now=now)
        elif action == "fine":
            route(publish("odd.fine", source=source), now=now)
            self.over |= {event.pk for event in self.events if event.source == source} - self.withdrawn
        elif action == "withdraw" and one:
            self.take_back(one, now=now)
        elif action == "replay":
            route(*Event.objects.all(), now=now)
        elif action == "wake":
            due.release_due(now=now + timedelta(hours=2))
        elif action == "undo":
            for batch in ReadingBatch.objects.order_by("-pk")[:1]:
                undo.undo(self.person.pk, batch_id=batch.pk, now=now)
        elif one:
            ids = Notification.objects.filter(event=one, withdrawn_at=None).values_list("pk", flat=True)
            until = now + timedelta(hours=1) if action == "snooze" else None
            triage.act(self.person.pk, ids=list(ids), action=action, now=now, until=until)

    def take_back(self, event: Event, now=None) -> None:
        if withdraw(event):
            self.withdrawn.add(event.pk)
            if now:
                route(Event.objects.filter(event_type__name="event.withdrawn").latest("pk"), now=now)

    def check(self) -> None:
        rows = {row.event_id: row for row in Notification.objects.filter(user=self.person, channel="in_app")}
        assert not recount.wrong_among([self.person.pk])
        assert all(rows[pk].withdrawn_at for pk in self.withdrawn & rows.keys())
        assert all(row.withdrawn_at is None for pk, row in rows.items() if pk not in self.withdrawn)
        assert {event.pk for event in self.events} - self.withdrawn == rows.keys() - self.withdrawn
        marked = set(Event.objects.filter(resolved_by__isnull=False).values_list("pk", flat=True))
        assert marked - self.withdrawn == self.over - self.withdrawn
        assert all(rows[pk].is_read and rows[pk].snoozed_until is None for pk in self.over - self.withdrawn)


@given(STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_badge_says_what_the_rows_say(db, steps):
    with transaction.atomic():
        played = Played()
        for place, (action, number) in enumerate(steps):
            if action == "snooze" and played.events and played.events[number % len(played.events)].pk in played.over:
                continue
            played.step(action, number, NOON + timedelta(hours=3 * place))
            played.check()
        assert Inbox.objects.filter(unread_count__lt=0).count() == 0
        transaction.set_rollback(True)
