"""Whoever mutes an entity or a project hears nothing of it, until the mute ends; what names them passes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.bus import Entity, publish
from events.memberships import grant
from notifications.models import Inbox, Mute, Notification
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    change_type,
    define,
    mute,
    notified,
    publish_and_route,
    route,
)

pytestmark = pytest.mark.django_db

PROJECT = Entity("project", 7)
PROMPT = Entity("prompt", "3f2c-91")


@pytest.fixture(autouse=True)
def _tied(owner, watcher) -> None:
    for entity in (JOB, OTHER_JOB, PROMPT, PROJECT):
        grant(entity, user=owner, role="owner")
        grant(entity, user=watcher, role="watcher")


def test_what_they_mute_is_not_told(watcher):
    mute(watcher, of=JOB)
    assert notified(publish_and_route("review.comment", source=JOB)) == {"owner": "owner"}


def test_why_not_is_said(watcher):
    mute(watcher, of=JOB)
    event = publish("review.comment", source=JOB)
    assert route(event).why_not == {(event.pk, watcher.pk): "muted"}


def test_other_entities_are_told(watcher):
    mute(watcher, of=JOB)
    mute(watcher, of=Entity("shot", OTHER_JOB.id))
    assert "watcher" in notified(publish_and_route("review.comment", source=OTHER_JOB))


def test_an_entity_with_a_text_for_its_id_is_muted(watcher):
    mute(watcher, of=PROMPT)
    assert "watcher" not in notified(publish_and_route("review.comment", source=PROMPT))


@pytest.mark.parametrize("about", [{"source": JOB, "project_id": 7}, {"source": PROJECT}])
def test_a_project_is_muted_with_all_that_is_in_it(watcher, about):
    mute(watcher, of=PROJECT)
    assert "watcher" not in notified(publish_and_route("review.comment", **about))


def test_an_entity_that_only_has_the_projects_number_is_not_the_project(watcher):
    mute(watcher, of=Entity("shot", 7))
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB, project_id=7))


@pytest.mark.parametrize("flag", ["is_critical", "is_locked"])
def test_critical_and_locked_types_pass(watcher, flag):
    change_type("review.comment", **{flag: True})
    mute(watcher, of=JOB)
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB))


def test_who_is_mentioned_is_told(watcher):
    mute(watcher, of=JOB)
    payload = {"mentioned_user_ids": [watcher.pk]}
    assert notified(publish_and_route("collab.mention", source=JOB, payload=payload))["watcher"] == "mentioned"


def test_whom_the_publisher_names_is_told(watcher):
    mute(watcher, of=JOB)
    event = publish_and_route("review.comment", source=JOB, to=[watcher])
    assert notified(event)["watcher"] == "addressed"


def test_an_admin_is_muted_like_everybody(admin):
    define("system.note", audience=["admins"], category="system")
    mute(admin, of=JOB)
    assert notified(publish_and_route("system.note", source=JOB)) == {}


@pytest.mark.parametrize(("until", "is_told"), [(timedelta(seconds=1), False), (timedelta(), True)])
def test_it_ends_by_itself(watcher, until, is_told):
    mute(watcher, of=JOB, until=NOON + until)
    event = publish("review.comment", source=JOB)
    route(event)
    assert ("watcher" in notified(event)) == is_told


def test_what_is_there_stays(watcher):
    publish_and_route("review.comment", source=JOB)
    mute(watcher, of=JOB)
    publish_and_route("review.comment", source=JOB)
    assert Notification.objects.get(user=watcher).done_at is None
    assert Inbox.objects.get(user=watcher).unread_count == 1


def test_a_row_that_may_be_replaced_stays_too(owner):
    publish_and_route("job.started", source=JOB)
    mute(owner, of=JOB)
    publish_and_route("job.completed", source=JOB)
    assert Notification.objects.get(user=owner).event.event_type.name == "job.started"


def test_once_it_is_gone_they_are_told_again(watcher):
    mute(watcher, of=JOB)
    publish_and_route("review.comment", source=JOB)
    Mute.objects.all().delete()
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB))
