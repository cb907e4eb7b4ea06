"""Locked types can't be switched off; types that are switched off for publishing still route."""

from __future__ import annotations

import pytest

from events.bus import publish
from events.errors import Refused
from events.models import EventType
from tests.notifications.factories.routing import (
    JOB,
    change_type,
    channels_of,
    notified,
    publish_and_route,
    route,
    store_preference,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def test_a_disabled_type_is_not_told(owner):
    store_preference(owner, "job.completed", is_enabled=False)
    event = publish_and_route("job.completed", source=JOB)
    assert (notified(event), route(event).why_not) == ({}, {(event.pk, owner.pk): "disabled"})


def test_a_critical_type_that_is_not_locked_may_be_disabled(owner):
    change_type("job.failed", is_critical=True)
    store_preference(owner, "job.failed", is_enabled=False)
    assert notified(publish_and_route("job.failed", source=JOB)) == {}


def test_the_seeded_critical_types_are_locked():
    critical = EventType.objects.filter(is_critical=True)
    assert {kind.name for kind in critical if kind.is_locked} == {
        "system.disk_warning",
        "system.gpu_warning",
        "system.gpu_critical",
        "system.restart",
    }


def test_a_locked_type_is_told_although_a_row_says_disabled(admin):
    store_preference(admin, "system.restart", is_enabled=False)
    assert notified(publish_and_route("system.restart")) == {"admin": "admin"}


def test_a_locked_type_keeps_its_default_channels(admin):
    change_type("system.restart", default_channels=["in_app", "email"])
    store_preference(admin, "system.restart", channels=["webhook"])
    assert channels_of(admin, publish_and_route("system.restart")) == {"in_app", "email", "webhook"}


def test_without_a_row_the_types_default_channels_count(owner):
    change_type("job.completed", default_channels=["in_app", "chat"])
    assert channels_of(owner, publish_and_route("job.completed", source=JOB)) == {"in_app", "chat"}


def test_without_in_app_there_is_no_feed_row(owner):
    store_preference(owner, "job.completed", channels=["email"])
    event = publish_and_route("job.completed", source=JOB)
    assert (channels_of(owner, event), notified(event)) == ({"email"}, {})


def test_without_any_channel_there_is_no_row_and_a_why_not(owner):
    store_preference(owner, "job.completed", channels=[])
    event = publish_and_route("job.completed", source=JOB)
    assert route(event).why_not == {(event.pk, owner.pk): "no_channels"}


@pytest.mark.parametrize("channels", [7, "email", ["pigeon"], [["in_app"]], {"in_app": True}])
def test_channels_that_make_no_sense_keep_nobody_else_from_being_told(owner, channels):
    store_preference(owner, "review.comment", channels=channels)
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB))


def test_a_type_that_was_switched_off_after_publishing_still_routes():
    event = publish("job.completed", source=JOB)
    change_type("job.completed", is_active=False)
    route(event)
    assert notified(event) == {"owner": "owner"}


def test_a_type_that_is_switched_off_is_refused():
    change_type("job.completed", is_active=False)
    with pytest.raises(Refused, match="switched off"):
        publish("job.completed", source=JOB)
