"""Scope narrows a person's audience to what is theirs."""

from __future__ import annotations

import pytest

from events.bus import Entity
from events.memberships import grant
from tests.notifications.factories.routing import (
    JOB,
    OTHER_JOB,
    change_type,
    define,
    notified,
    publish_and_route,
    route,
    store_preference,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]

PROJECT = Entity("project", 7)


@pytest.mark.parametrize("scope", ["all", "my_jobs", "my_projects"])
def test_what_they_own_is_in_every_scope(owner, scope):
    store_preference(owner, "job.completed", scope=scope)
    assert notified(publish_and_route("job.completed", source=JOB)) == {"owner": "owner"}


@pytest.mark.parametrize("scope", ["all", "my_jobs", "my_projects"])
def test_what_they_did_is_in_every_scope(outsider, scope):
    store_preference(outsider, "job.completed", scope=scope)
    assert notified(publish_and_route("job.completed", source=OTHER_JOB, actor=outsider)) == {"outsider": "actor"}


@pytest.mark.parametrize("scope", ["my_jobs", "my_projects"])
def test_what_they_only_watch_is_in_no_narrower_scope(watcher, scope):
    store_preference(watcher, "review.comment", scope=scope)
    assert notified(publish_and_route("review.comment", source=JOB)) == {"owner": "owner"}


@pytest.mark.parametrize("role", ["owner", "member", "watcher"])
def test_my_projects_has_what_is_in_a_project_they_belong_to(watcher, role):
    grant(PROJECT, user=watcher, role=role)
    store_preference(watcher, "review.comment", scope="my_projects")
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB, project_id=PROJECT.id))


def test_my_jobs_has_not(watcher):
    grant(PROJECT, user=watcher, role="owner")
    store_preference(watcher, "review.comment", scope="my_jobs")
    assert "watcher" not in notified(publish_and_route("review.comment", source=JOB, project_id=PROJECT.id))


@pytest.mark.parametrize("project_id", [None, 8])
def test_another_project_or_none_is_not_theirs(watcher, project_id):
    grant(PROJECT, user=watcher, role="member")
    store_preference(watcher, "review.comment", scope="my_projects")
    assert "watcher" not in notified(publish_and_route("review.comment", source=JOB, project_id=project_id))


def test_an_entity_that_only_has_the_projects_number_is_not_the_project(watcher):
    grant(Entity("shot", PROJECT.id), user=watcher, role="member")
    store_preference(watcher, "review.comment", scope="my_projects")
    assert "watcher" not in notified(publish_and_route("review.comment", source=JOB, project_id=PROJECT.id))


@pytest.mark.parametrize("flag", ["is_critical", "is_locked"])
def test_scope_does_not_narrow_critical_and_locked_types(watcher, flag):
    change_type("review.comment", **{flag: True})
    store_preference(watcher, "review.comment", scope="my_jobs")
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB))


def test_scope_does_not_narrow_mentions(outsider):
    store_preference(outsider, "collab.mention", scope="my_jobs")
    assert notified(publish_and_route("collab.mention", payload={"mentioned_user_ids": [outsider.pk]})) == {
        "outsider": "mentioned"
    }


def test_scope_does_not_narrow_what_admins_are_told(admin):
    define("system.note", audience=["admins"], category="system")
    store_preference(admin, "system.note", scope="my_jobs")
    assert notified(publish_and_route("system.note")) == {"admin": "admin"}


def test_an_admin_who_also_watches_is_still_told_as_an_admin(admin):
    """A second reason never takes away what the first alone would have given."""
    define("system.note", audience=["watchers", "admins"], category="system")
    grant(JOB, user=admin, role="watcher")
    store_preference(admin, "system.note", scope="my_jobs")
    assert "admin" in notified(publish_and_route("system.note", source=JOB))


def test_the_plan_says_that_the_scope_was_why_not(watcher):
    store_preference(watcher, "review.comment", scope="my_jobs")
    event = publish_and_route("review.comment", source=JOB)
    assert route(event).why_not[event.pk, watcher.pk] == "scope_my_jobs"
