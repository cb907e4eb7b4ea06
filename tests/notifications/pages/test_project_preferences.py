"""Projects on pages: the owners' form of defaults, and what the preferences say of them and offer."""

from __future__ import annotations

import pytest
from django.test import Client

from events.bus import Entity
from events.memberships import grant
from events.models import EventType
from notifications.models import ProjectScope
from notifications.preferences import projects
from tests.notifications.factories.routing import NOON, publish_and_route

pytestmark = pytest.mark.django_db
PROJECT = Entity("project", 7)
FORM, PREFERENCES, PAGE = "/projects/7/defaults/", "/notifications/preferences/", "/entities/project/7/"


@pytest.fixture(autouse=True)
def _harbour(owner, member) -> None:
    grant(PROJECT, user=owner, role="owner")
    grant(PROJECT, user=member, role="member")
    publish_and_route("review.comment", source=PROJECT, payload={"name": "Harbour"})


def text(client: Client, user, address: str) -> str:
    client.force_login(user)
    return client.get(address).content.decode()


def kind(name: str = "job.completed") -> EventType:
    return EventType.objects.get(name=name)


def test_the_project_s_page_leads_its_owners_to_the_form(client, owner, member):
    assert (FORM in text(client, owner, PAGE), FORM in text(client, member, PAGE)) == (True, False)
    assert "Defaults of Harbour" in text(client, owner, FORM)


def test_what_the_owner_ticks_is_the_default(client, owner):
    client.force_login(owner)
    sent = {"types": [kind().pk], f"channels-{kind().pk}": ["in_app", "email"]}
    assert client.post(FORM, sent)["Location"] == FORM
    assert [row.channels for row in projects.defaults_of(7) if row.pk] == [["in_app", "email"]]


def test_what_can_t_be_ticked_is_said(client, owner):
    client.force_login(owner)
    answer = client.post(FORM, {"types": [kind().pk], f"channels-{kind().pk}": ["fax"]})
    assert (answer.status_code, "fax" in answer.content.decode()) == (400, True)


def test_the_form_is_not_there_for_members(client, member):
    client.force_login(member)
    assert (client.get(FORM).status_code, client.post(FORM, {}).status_code) == (404, 404)


def test_the_preferences_show_the_default_to_who_chose_nothing(client, member):
    projects.change_default(7, event_type_id=kind().pk, now=NOON, channels=["in_app", "email"])
    said = "Default of Harbour: In app, E-mail"
    assert said in text(client, member, PREFERENCES)
    client.post(PREFERENCES, {"types": [kind().pk]})
    assert said not in text(client, member, PREFERENCES)


def test_the_preferences_take_a_scope_for_a_project(client, member):
    assert 'name="project-scope-7"' in text(client, member, PREFERENCES)
    client.post(PREFERENCES, {"project-scope-7": "nothing"})
    assert ProjectScope.objects.get(user=member).scope == "nothing"
    client.post(PREFERENCES, {"project-scope-7": ""})
    assert not ProjectScope.objects.exists()


@pytest.mark.parametrize(("sent", "status"), [({"project-scope-7": "x"}, 400), ({"project-scope-8": "all"}, 404)])
def test_a_scope_that_can_t_be_is_refused(client, member, sent, status):
    client.force_login(member)
    assert client.post(PREFERENCES, sent).status_code == status


def test_the_ends_of_do_not_disturb_are_still_offered(client, member):
    assert "30 minutes" in text(client, member, PREFERENCES)
