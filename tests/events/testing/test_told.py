"""The kit for the tests of apps: who was told, really, in the test's own transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import TestCase

from delivery.models import Delivery
from events.bus import publish, withdraw
from events.memberships import grant
from events.models import Event, LogHead
from events.testing import told
from notifications.models import Inbox, Notification
from tests.accounts.factory import saved_person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    define,
    publish_and_route,
    store_preference,
    store_settings,
)

pytest_plugins = ["events.testing.fixtures"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _approved(db) -> None:
    define(
        "shot.approved",
        audience=["owner", "watchers"],
        exclude_actor=True,
        title_template="{{ payload.name }} approved",
        default_channels=["in_app", "email"],
    )


@pytest.fixture(autouse=True)
def _tied(_approved, owner, watcher) -> None:
    grant(JOB, user=owner, role="owner")
    grant(JOB, user=watcher, role="watcher")


def approve(**facts: Any) -> Event:
    return publish("shot.approved", source=JOB, payload={"name": "Shot 042"}, **facts)


def test_an_owner_is_told_by_mail_and_toast(owner, watcher):
    with told() as t:
        approve(actor=watcher)
    t.assert_notified(owner, "shot.approved", channel="email", reason="owner")
    [mail] = t.mails
    [(person, toast)] = t.toasts
    assert (mail.to, mail.subject) == (owner.email, "[shot.approved] Shot 042 approved")
    assert "Shot 042 approved" in mail.text
    assert "<" in mail.html
    assert (person, toast.title) == (owner, "Shot 042 approved")


def test_whoever_did_it_is_not(owner):
    with told() as t:
        approve(actor=owner)
    t.assert_not_notified(owner, why="is_actor")


def test_a_stranger_is_not(outsider):
    with told() as t:
        approve()
    t.assert_not_notified(outsider, "shot.approved", why="not_in_audience")


def test_whoever_switched_it_off_is_not(watcher):
    store_preference(watcher, "shot.approved", is_enabled=False)
    with told() as t:
        approve()
    t.assert_not_notified(watcher, why="disabled")


def test_whoever_left_is_not(watcher):
    watcher.is_active = False
    watcher.save()
    with told() as t:
        approve()
    t.assert_not_notified(watcher, why="inactive")


def test_nobody_is_told_over_a_channel_without_an_address(owner):
    owner.email = ""
    owner.save()
    with told() as t:
        approve()
    t.assert_notified(owner, channel="in_app")
    t.assert_not_notified(owner, channel="email", why="no_address")


def test_what_is_held_comes_later(owner):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + timedelta(hours=1))
    with told(now=NOON) as t:
        approve()
    t.assert_notified(owner, channel="email", hold="dnd")
    assert owner not in [user for user, _words in t.toasts]
    assert owner.email not in [mail.to for mail in t.mails]


def test_the_moment_is_the_tests_own(owner):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + timedelta(hours=1))
    with told(now=NOON + timedelta(hours=2)) as t:
        approve()
    t.assert_notified(owner, channel="email", hold="none")


def test_only_what_is_published_in_the_block(owner):
    before = approve()
    with told() as t:
        inside = approve()
    approve()
    assert [one.event for one in t.outcomes] == [inside]
    before.refresh_from_db()
    assert before.position is None
    assert set(Notification.objects.values_list("event_id", flat=True)) == {inside.pk}


def test_a_second_block_knows_what_came_of_the_first(owner):
    with told() as first:
        publish("job.started", actor=owner, source=JOB)
    with told() as second:
        publish("job.completed", actor=owner, source=JOB)
    first.assert_notified(owner, "job.started")
    second.assert_notified(owner, "job.completed")
    assert Notification.objects.filter(user=owner, channel="in_app").count() == 1


def test_of_a_batch_the_last_one_counts(owner):
    with told() as t:
        publish("job.started", actor=owner, source=JOB)
        publish("job.completed", actor=owner, source=JOB)
    t.assert_not_notified(owner, "job.started", channel="in_app", why="replaced")
    t.assert_notified(owner, "job.completed")


def test_an_actor_who_becomes_the_owner(outsider):
    with told() as t:
        publish("job.submitted", actor=outsider, source=JOB)
    t.assert_notified(outsider, "job.submitted", reason="owner")


@pytest.mark.parametrize("is_routed", [True, False])
def test_what_is_withdrawn_is_told_to_nobody(owner, is_routed):
    with told() as t:
        event = approve()
        if is_routed:
            t.assert_notified(owner, channel="email")
        withdraw(event)
    t.assert_not_notified(owner, "shot.approved", why="withdrawn")
    assert (t.mails, t.toasts) == ([], [])
    assert not Notification.objects.filter(withdrawn_at=None).exists()


@pytest.mark.parametrize("is_routed", [True, False])
def test_what_is_over_is_in_the_feed_alone(owner, is_routed):
    define("shot.revoked", audience=["owner"], resolves=["shot.approved"])
    with told() as t:
        approve()
        if is_routed:
            t.assert_notified(owner, channel="email")
        publish("shot.revoked", source=JOB)
    t.assert_notified(owner, "shot.approved", channel="in_app")
    t.assert_not_notified(owner, "shot.approved", channel="email", why="resolved" if is_routed else "")
    assert [words.title for user, words in t.toasts] == ["shot.revoked"]


def test_what_is_withdrawn_in_a_later_block_was_told_in_its_own(owner):
    with told() as t:
        event = approve()
    with told():
        withdraw(event)
    t.assert_notified(owner)
    assert t.mails == []


def test_types_that_a_test_has_just_changed(owner):
    with told() as t:
        define("shot.made", audience=["actor"])
        publish("shot.made", actor=owner)
    t.assert_notified(owner, "shot.made")


def test_nothing_is_left_to_do_after_a_commit(owner):
    with told():
        before = len(connection.run_on_commit)
        approve()
        own = connection.run_on_commit[before:]
    assert connection.run_on_commit[before:] == own


def test_what_the_real_router_does_later_adds_nothing(owner):
    with told() as t:
        approve()
    publish_and_route("job.completed")
    assert Notification.objects.filter(event=t.outcomes[0].event, user=owner).count() == 2


def test_a_block_that_raises_routes_nothing():
    with suppress(ZeroDivisionError), told():
        approve()
        _ = 1 / 0
    assert not Notification.objects.exists()


def test_the_message_says_who_was_told_instead(owner, watcher, outsider):
    store_preference(watcher, "shot.approved", is_enabled=False)
    with told() as t:
        approve()
    with pytest.raises(AssertionError) as failed:
        t.assert_notified(outsider, "shot.approved", channel="email")
    message = str(failed.value)
    assert f"{outsider.get_username()} was not told of shot.approved over email" in message
    assert f"{owner.get_username()} ({owner.pk}): told." in message
    assert "Turned this type off. [disabled]" in message


def test_the_message_says_that_nothing_was_published(owner):
    with told() as t:
        pass
    with pytest.raises(AssertionError, match="Nothing was published"):
        t.assert_notified(owner)


def test_another_reason_fails(watcher):
    store_preference(watcher, "shot.approved", channels=[])
    with told() as t:
        approve()
    with pytest.raises(AssertionError, match="not for disabled: no_channels"):
        t.assert_not_notified(watcher, why="disabled")


def test_whoever_was_told_fails_it(owner):
    with told() as t:
        approve()
    with pytest.raises(AssertionError, match="was told"):
        t.assert_not_notified(owner, channel="email")


def test_more_is_routed_when_more_is_published(told, owner):
    approve()
    told.assert_notified(owner, "shot.approved")
    publish("job.completed", actor=owner)
    told.assert_notified(owner, "job.completed")
    assert [one.event.event_type.name for one in told.outcomes] == ["shot.approved", "job.completed"]


class InAnOrdinaryTestCase(TestCase):
    """The unittest of an app."""

    def test_it_needs_no_commit(self):
        owner = saved_person("somebody")
        with told() as t:
            publish("job.completed", actor=owner)
        t.assert_notified(owner, "job.completed", channel="in_app")
        assert Inbox.objects.get(user=owner).unread_count == 1


@pytest.mark.usefixtures("committed")
def test_where_tests_commit_nothing_leaves_either(owner, sent):
    before = LogHead.objects.get(pk=1).position
    with told() as t:
        event = approve()
    assert Event.objects.get(pk=event.pk).position == before + 1
    t.assert_notified(owner, channel="email")
    assert Delivery.objects.filter(state="pending").exists()
