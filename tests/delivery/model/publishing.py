"""Events are published, some in transactions that fail, routed, and routed again after a crash."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from events.bus import publish
from events.models import Event
from notifications.routing import router
from tests.delivery.model.world import ALARM, DOWN, NOTE, SOURCES, UP, World
from tests.events.concurrency import rolled_back
from tests.notifications.factories.routing import route

KINDS = st.sampled_from([NOTE, NOTE, ALARM, DOWN])
# Steps of the router, after each of which it dies once.
STEPS = st.sampled_from(["writer.notify", "ending.lock", "ending.end", "steps.begin", "channels.open_events"])


class Publishing(World):
    @rule(kind=KINDS, source=st.sampled_from(SOURCES))
    def publish(self, kind, source) -> None:
        event = publish(kind, source=source)
        route(event, now=self.now)
        self.events.append(event)
        self.expect(event, kind)

    @rule(kind=KINDS, source=st.sampled_from(SOURCES))
    def publish_and_roll_back(self, kind, source) -> None:
        before = Event.objects.count()
        with rolled_back():
            publish(kind, source=source)
        assert Event.objects.count() == before

    @rule(kind=KINDS, source=st.sampled_from(SOURCES), step=STEPS)
    def publish_and_crash(self, kind, source, step) -> None:
        event = publish(kind, source=source)
        module, name = step.split(".")
        with (
            pytest.raises(RuntimeError),
            mock.patch.object(getattr(router, module), name, side_effect=RuntimeError("gone")),
        ):
            route(event, now=self.now)
        route(event, now=self.now)
        self.events.append(event)
        self.expect(event, kind)

    @rule()
    def route_all_again(self) -> None:
        """A cursor that was set back: nobody is told again. (Who wasn't told then would be now.)"""
        route(*(event for event in self.events if self.is_told_to_all(event)), now=self.now)

    def is_told_to_all(self, event: Event) -> bool:
        kind = event.event_type.name
        return self.told[event.pk].keys() >= {user.pk for user in self.people if self.hears(user, event, kind)}

    @rule(source=st.sampled_from(SOURCES))
    def resolve(self, source) -> None:
        up = publish(UP, source=source)
        route(up, now=self.now)
        ended = [one for one in self.events if one.event_type.name == DOWN and one.source == source]
        for event in ended:
            if event.pk not in self.withdrawn:
                self.over.add(event.pk)
                self.end(event.pk)

    def end(self, event: int) -> None:
        """Rows of what is over are read, and wait for nothing."""
        for user, row in self.told[event].items():
            if theirs := self.feeds[user].rows.get(row):
                theirs.is_read, theirs.snoozed_until, theirs.batch = True, None, None
