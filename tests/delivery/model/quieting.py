"""People choose when and of what they want to hear; whoever gives back what waited may come late, or die on the way."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from delivery.models import Delivery
from events.models import EventType
from notifications.holds import due
from notifications.models import Mute, Notification, NotificationPreference
from notifications.preferences import following, muting, preferences
from notifications.preferences.settings import change_settings
from tests.delivery.model.world import DOWN, MINUTE, NOTE, SOURCES, World
from tests.notifications.factories.hold_scenarios import CRASHES, crashing
from tests.notifications.factories.holds import AFTERNOON

WHO = st.integers(0, 1)
SPAN = st.integers(1, 300)


class Quieting(World):
    """`excused`: rows that were given to nobody, since their person wanted no word of them any more."""

    def __init__(self) -> None:
        super().__init__()
        self.types = dict(EventType.objects.filter(category="model").values_list("name", "pk"))
        self.excused: set[int] = set()

    @rule(who=WHO, is_on=st.booleans(), minutes=st.none() | SPAN)
    def choose_do_not_disturb(self, who, is_on, minutes) -> None:
        until = self.now + minutes * MINUTE if is_on and minutes else None
        self.choose(who, dnd_enabled=is_on, dnd_until=until)

    @rule(who=WHO, is_on=st.booleans(), interval=st.sampled_from(["hourly", "daily"]))
    def choose_digest(self, who, is_on, interval) -> None:
        self.choose(who, digest_enabled=is_on, digest_interval=interval)

    @rule(who=WHO, windows=st.sampled_from([[], AFTERNOON]))
    def choose_quiet_hours(self, who, windows) -> None:
        self.choose(who, quiet_hours=windows)

    def choose(self, who: int, **settings: object) -> None:
        user = self.people[who].pk
        change_settings(user, now=self.now, **settings)
        self.wake(user)

    @rule(who=WHO, source=st.sampled_from(SOURCES), minutes=st.none() | SPAN)
    def mute(self, who, source, minutes) -> None:
        person = self.people[who]
        until = self.now + minutes * MINUTE if minutes else None
        if following.may_follow(person, entity=source):
            muting.mute(person, entity=source, until=until, now=self.now)
            self.muted[person.pk, source] = until
        else:
            with pytest.raises(Mute.DoesNotExist):
                muting.mute(person, entity=source, until=until, now=self.now)

    @rule(who=WHO, source=st.sampled_from(SOURCES))
    def unmute(self, who, source) -> None:
        muting.unmute(self.people[who], entity=source)
        self.muted.pop((self.people[who].pk, source), None)

    @rule(who=WHO, kind=st.sampled_from([NOTE, DOWN]), is_enabled=st.booleans())
    def prefer(self, who, kind, is_enabled) -> None:
        user = self.people[who].pk
        preferences.change(user, event_type_id=self.types[kind], is_enabled=is_enabled, now=self.now)
        assert NotificationPreference.objects.get(user=user, event_type=self.types[kind]).is_enabled == is_enabled
        (self.switched_off.discard if is_enabled else self.switched_off.add)((user, kind))

    @rule(minutes=SPAN, step=st.sampled_from(CRASHES))
    def wait_and_crash(self, minutes, step) -> None:
        """All that was due is so still, and nothing of it was given."""
        self.now += minutes * MINUTE
        with crashing(step):
            due.release_due(now=self.now)

    @invariant()
    def nothing_that_waited_is_lost(self) -> None:
        """Each unread row that waits no more went out, or was unwanted by then."""
        rows = Notification.objects.filter(channel="email", is_read=False, hold="none", summary=None)
        told = Delivery.objects.filter(notification__isnull=False).values("notification_id")
        people = {person.pk: person for person in self.people}
        for row in rows.exclude(pk__in=told).exclude(pk__in=self.excused).select_related("event__event_type"):
            assert not self.hears(people[row.user_id], row.event, row.event.event_type.name), row
            self.excused.add(row.pk)
