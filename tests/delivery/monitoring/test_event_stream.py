"""The stream of events says how many were told, over what, what is held, and what failed; only what one may see."""

from __future__ import annotations

import pytest

from delivery.monitoring import event_stream
from delivery.monitoring.event_stream import Line, newest
from events.entities import Entity
from notifications.models import Notification
from tests.accounts.factory import name_of
from tests.delivery.factories.deliveries import address, after, delivery, notification
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db


def line() -> Line:
    [only] = newest(0)
    return only


def test_a_line_says_how_many_were_told_and_how_soon(member, owner):
    row = notification(member, channel="in_app")
    row.event.created_at = after(0)
    row.event.save()
    for user, seconds in ((member, 0.5), (owner, 3)):
        Notification.objects.update_or_create(event=row.event, user=user, defaults={"delivered_at": after(seconds)})
    assert (line().told, line().seconds, line().channels) == (2, 0.5, {"in_app": 2})


def test_a_line_says_what_is_held(member):
    notification(member, channel="in_app", hold="quiet")
    assert (line().told, line().channels, line().held) == (1, {}, {"quiet": 1})


def test_a_line_says_what_failed_and_what_waits(fake, member):
    dead = delivery(address(member), state="dead")
    delivery(address(member), of=dead.notification, due_at=after(5))
    assert line().deliveries == {"dead": {"fake": 1}, "pending": {"fake": 1}}
    assert line().next_at == after(5)


def test_of_an_event_with_many_people_only_that_is_said(member, owner, monkeypatch):
    monkeypatch.setattr(event_stream, "MOST_TOLD", 1)
    row = notification(member, channel="in_app")
    Notification.objects.create(event=row.event, user=owner)
    assert (line().told, line().channels) == (1, {})


def test_lines_are_narrowed_to_a_category_a_source_or_what_failed(fake, member):
    delivery(address(member), state="dead")
    notification(member, name="review.approved")
    assert len(newest(0)) == 2
    assert [each.event.event_type.category for each in newest(0, category="review")] == ["review"]
    assert [each.event.event_type.category for each in newest(0, failed_only=True)] == ["job"]
    assert newest(0, source=Entity("job", 1)) == []


def test_the_text_of_what_one_may_not_see_is_left_out(member, settings):
    own(settings, MAY_SEE=access_host.PATH)
    access_host.closed.add((name_of(member), Entity("job", 42)))
    row = notification(member)
    row.event.source_entity_type, row.event.source_entity_id = "job", 42
    row.event.save()
    assert newest(member.pk)[0].event.is_hidden
    access_host.reset()
