"""Preferences follow projects: owners preset types for everybody, a person's own choice wins, a scope narrows all."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from events.bus import Entity, publish
from events.memberships import grant
from events.models import EventType, Membership
from notifications.models import Notification, NotificationPreference
from notifications.preferences import preferences, projects
from tests.notifications.factories.routing import JOB, NOON, mute, publish_and_route, route, store_preference

pytestmark = pytest.mark.django_db
PROJECT = Entity("project", 7)


@pytest.fixture(autouse=True)
def _tied(owner, watcher) -> None:
    grant(PROJECT, user=owner, role="owner")
    grant(PROJECT, user=watcher, role="member")
    grant(JOB, user=watcher, role="watcher")


def type_id(name: str = "review.comment") -> int:
    return EventType.objects.get(name=name).pk


def preset(name: str = "review.comment", **changes: Any) -> None:
    projects.change_default(7, event_type_id=type_id(name), now=NOON, **changes)


def told(user, name: str = "review.comment", project: int | None = 7) -> set[str]:
    event = publish_and_route(name, source=JOB, project_id=project)
    return set(Notification.objects.filter(event=event, user=user).values_list("channel", flat=True))


def why_not(user) -> str | None:
    event = publish("review.comment", source=JOB, project_id=7)
    return route(event).why_not.get((event.pk, user.pk))


def test_a_default_counts_for_who_chose_nothing_in_its_project_alone(watcher):
    preset(channels=["in_app", "email"])
    assert (told(watcher), told(watcher, project=8), told(watcher, project=None)) == (
        {"in_app", "email"},
        {"in_app"},
        {"in_app"},
    )


def test_looking_at_the_preferences_chooses_nothing(watcher):
    preferences.ensure(watcher.pk)
    preset(channels=["email"])
    assert told(watcher) == {"email"}


def test_a_choice_wins_even_where_it_is_what_the_type_offers(watcher):
    preset(channels=["email"])
    preferences.change(watcher.pk, event_type_id=type_id(), now=NOON, channels=["in_app"])
    assert told(watcher) == {"in_app"}


def test_a_scope_for_a_type_is_no_choice_of_its_channels(watcher):
    preset(channels=["email"])
    preferences.change(watcher.pk, event_type_id=type_id(), now=NOON, scope="my_projects")
    assert told(watcher) == {"email"}


def test_a_choice_can_be_taken_back(watcher):
    preset(channels=["email"])
    preferences.change(watcher.pk, event_type_id=type_id(), now=NOON, is_enabled=False, scope="my_jobs")
    preferences.forget(watcher.pk, event_type_id=type_id())
    assert told(watcher) == {"email"}


def test_what_the_owners_turned_off_says_so(watcher):
    preset(is_enabled=False)
    assert why_not(watcher) == "disabled_by_project"


def test_a_default_that_is_gone_counts_no_more(watcher):
    preset(channels=["email"])
    projects.remove_default(7, event_type_id=type_id())
    assert told(watcher) == {"in_app"}


@pytest.mark.parametrize(
    ("scope", "why"), [("nothing", "scope_nothing"), ("my_jobs", "scope_my_jobs"), ("all", None), (None, None)]
)
def test_a_scope_counts_for_all_of_its_project(watcher, scope, why):
    projects.set_scope(watcher, project_id=7, scope=scope, now=NOON)
    assert (why_not(watcher), told(watcher, project=8)) == (why, {"in_app"})


def test_a_project_s_scope_is_instead_of_the_type_s(watcher):
    store_preference(watcher, "review.comment", scope="my_jobs")
    projects.set_scope(watcher, project_id=7, scope="all", now=NOON)
    assert why_not(watcher) is None


def test_nothing_means_also_what_they_own_but_not_what_names_them(watcher):
    grant(JOB, user=watcher, role="owner")
    projects.set_scope(watcher, project_id=7, scope="nothing", now=NOON)
    assert why_not(watcher) == "scope_nothing"
    named = publish_and_route("collab.mention", project_id=7, payload={"mentioned_user_ids": [watcher.pk]})
    assert Notification.objects.filter(event=named, user=watcher).exists()


def test_a_mute_comes_before_any_of_it(watcher):
    preset(is_enabled=False)
    mute(watcher, of=PROJECT)
    assert why_not(watcher) == "muted"


def test_only_owners_and_who_is_permitted_set_defaults(owner, watcher, outsider):
    projects.check_owner(owner, project_id=7)
    for user in (watcher, outsider):
        with pytest.raises(Membership.DoesNotExist):
            projects.check_owner(user, project_id=7)


def test_what_is_ticked_as_the_type_offers_is_no_default(watcher):
    rows = {row.event_type.name: row for row in projects.defaults_of(7)}
    preset("job.completed", channels=["email"])
    wanted = [(rows["job.completed"], ["in_app"]), (rows["review.comment"], []), (rows["job.failed"], ["chat"])]
    projects.save_defaults(7, wanted=wanted, now=NOON)
    stored = {row.event_type.name: (row.is_enabled, row.channels) for row in projects.defaults_of(7) if row.pk}
    assert stored == {"review.comment": (False, ["in_app"]), "job.failed": (True, ["chat"])}


def test_stored_preferences_that_differ_were_chosen(owner, watcher):
    for user, changes in ((owner, {}), (watcher, {"channels": ["email"]})):
        store_preference(user, "review.comment", **changes)
    import_module("notifications.migrations.0012_preferences_of_projects").mark_choices(apps, None)
    chosen = NotificationPreference.objects.filter(chosen_at__isnull=False)
    assert [row.user_id for row in chosen] == [watcher.pk]
