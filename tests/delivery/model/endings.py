"""Events are taken back; people leave and return."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from events.bus import publish, withdraw
from events.models import Event
from tests.delivery.model.world import NOTE, SOURCES, World
from tests.notifications.factories.routing import route


class Endings(World):
    @rule(number=st.integers(0, 7))
    def withdraw(self, number) -> None:
        if not self.events:
            return
        event = self.events[-1 - number % len(self.events)]
        assert withdraw(event) == (event.pk not in self.withdrawn)
        if event.pk in self.withdrawn:
            return
        self.withdrawn.add(event.pk)
        route(Event.objects.filter(event_type__name="event.withdrawn").latest("pk"), now=self.now)
        for user, row in self.told[event.pk].items():
            self.feeds[user].rows.pop(row, None)

    @rule(source=st.sampled_from(SOURCES))
    def withdraw_before_it_is_told(self, source) -> None:
        event = publish(NOTE, source=source)
        assert withdraw(event)
        self.withdrawn.add(event.pk)
        route(event, now=self.now)
        self.expect(event, NOTE)

    @rule(who=st.integers(0, 1))
    def deactivate_or_return(self, who) -> None:
        person = self.people[who]
        person.is_active = not person.is_active
        person.save()
