"""Base of all parts of the model: people, their feeds as they ought to be, the clock, and one transaction that is
rolled back."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis.stateful import RuleBasedStateMachine

from events import event_type_cache
from events.bus import Entity
from events.memberships import grant
from events.models import Event
from notifications.models import Notification
from tests.accounts.factory import saved_person
from tests.events.concurrency import rolled_back
from tests.notifications.factories.routing import NOON, define
from tests.notifications.references.triage import Reference

if TYPE_CHECKING:
    from events.accounts import User

MINUTE = timedelta(minutes=1)
NOTE, ALARM, DOWN, UP = "model.note", "model.alarm", "model.down", "model.up"
SOURCES = (Entity("disk", 1), Entity("disk", 2))


class World(RuleBasedStateMachine):
    """Two people who own two disks. `told`: event -> id of each person's row in the feed."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self._open.enter_context(rolled_back())
        event_type_cache.clear()
        self.now: datetime = NOON
        self.people: list[User] = [saved_person(name) for name in ("ann", "ben")]
        self.feeds = {user.pk: Reference() for user in self.people}
        self.events: list[Event] = []
        self.told: dict[int, dict[int, int]] = {}
        self.withdrawn: set[int] = set()
        self.over: set[int] = set()
        self.batches: list[tuple[int, int]] = []
        self.muted: dict[tuple[int, Entity], datetime | None] = {}
        self.switched_off: set[tuple[int, str]] = set()
        for user in self.people:
            for source in SOURCES:
                grant(source, user=user, role="owner")
        both = {"audience": ["owner"], "category": "model", "default_channels": ["in_app", "email"]}
        define(NOTE, **both)
        define(ALARM, is_critical=True, **both)
        define(DOWN, **both)
        define(UP, audience=["mentioned"], category="model", resolves=[DOWN])

    def teardown(self) -> None:
        self._open.close()
        event_type_cache.clear()

    def hears(self, user: User, event: Event, kind: str) -> bool:
        """Tell whether this person is to have the event in their feed."""
        if not user.is_active or event.pk in self.withdrawn or kind == UP:
            return False
        until = self.muted.get((user.pk, event.source or SOURCES[0]), self.now)
        is_muted = kind != ALARM and (until is None or until > self.now)
        return not is_muted and (user.pk, kind) not in self.switched_off

    def expect(self, event: Event, kind: str) -> None:
        """Take a routed event into the reference."""
        rows = dict(Notification.objects.filter(event=event, channel="in_app").values_list("user_id", "pk"))
        assert rows.keys() == {user.pk for user in self.people if self.hears(user, event, kind)}
        self.told[event.pk] = rows
        for user, row in rows.items():
            self.feeds[user].tell(row)

    def wake(self, *users: int) -> None:
        for user in users or self.feeds:
            self.feeds[user].wake(self.now)
