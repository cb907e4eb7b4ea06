"""One publisher's flood delays nobody else's mention by more than a few batches, nor his broadcasts another's."""

from __future__ import annotations

from datetime import datetime

import pytest

from events.accounts import User
from events.bus import Entity, NewEvent
from events.dispatch import pump
from events.log.publish import accept
from events.models import Event, EventType
from events.sweep import sweep
from notifications.models import Fanout, Notification
from notifications.routing import audiences, fanout, router
from notifications.routing.facts import Plan
from tests.notifications.factories.routing import NOON

pytestmark = pytest.mark.django_db


def publish_as(user: User, *new: NewEvent) -> list[Event]:
    return [accepted.event for accepted in accept(new, publisher=f"user:{user.pk}")]


def flood(by: User, count: int) -> None:
    publish_as(by, *[NewEvent("job.completed", Entity("job", number), by) for number in range(count)])


def mention(by: User, of: User) -> Event:
    return publish_as(by, NewEvent("collab.mention", payload={"mentioned_user_ids": [of.pk]}))[0]


def told_before(event: Event) -> int:
    """How many events were routed before this one."""
    routed = Notification.objects.filter(event__position__lt=Event.objects.get(pk=event.pk).position)
    assert Notification.objects.filter(event=event).exists()
    return routed.values("event").distinct().count()


def test_a_mention_after_five_thousand_events_is_told_with_the_first_batch(owner, member, watcher):
    sweep()
    flood(owner, 5000)
    mentioned = mention(member, of=watcher)
    while not Notification.objects.filter(event=mentioned).exists():
        pump.run(now=NOON)
    assert told_before(mentioned) < 50


def test_a_mention_in_the_middle_of_a_flood_is_told_two_batches_later(owner, member, watcher, monkeypatch):
    batches: list[list[int]] = []
    route = router.route

    def mention_in_the_third(events: list[Event], *, now: datetime, sets_aside: bool) -> Plan:
        batches.append([event.pk for event in events])
        if len(batches) == 3:
            mention(member, of=watcher)
        return route(events, now=now, sets_aside=sets_aside)

    monkeypatch.setattr(router, "route", mention_in_the_third)
    flood(owner, 2000)
    sweep()
    mentioned = Event.objects.get(event_type__name="collab.mention")
    assert any(mentioned.pk in batch for batch in batches[3:5])


def test_broadcasts_of_several_publishers_are_told_in_turns(owner, member, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 0)
    EventType.objects.create(name="site.news", category="site", audience=["everyone"])
    news = NewEvent("site.news")
    first, second, third = publish_as(owner, news, news, news)
    [other] = publish_as(member, news)
    pump.run(now=NOON)
    assert Fanout.objects.count() == 4
    assert fanout.pending() == [first.pk, other.pk, second.pk, third.pk]
