"""Audiences by code among the rules of a type: how they are named, and where they are chosen and shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.urls import reverse

from events import accounts, declarations
from events.bus import audience
from events.declarations import declare
from events.models import EventType
from events.rules import audience as rules
from events.rules import code_audiences
from notifications.presentation import labels
from tests.events.admin.type_forms import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _project_members(monkeypatch) -> None:
    monkeypatch.setattr(code_audiences, "registered", {})
    audience("project_members", label="project members")(everyone)


def everyone(_event: Any) -> Any:
    return accounts.everyone()


@pytest.mark.parametrize(
    "name", ["owner", "project", "mentioned", "watcher", "addressed", "Two Words", "group:x", "", "1"]
)
def test_a_name_that_is_taken_or_none_is_refused(name):
    with pytest.raises(ImproperlyConfigured, match="lower-case letters, digits and _"):
        audience(name, label="x")(everyone)


def test_one_name_is_for_one_function():
    audience("project_members", label="the same again")(everyone)
    with pytest.raises(ImproperlyConfigured, match="'project_members' is there twice"):
        audience("project_members", label="others")(lambda _event: None)


def test_reserved_are_all_rules_and_reasons_there_are():
    reasons: Any = labels.for_browser()["reasons"]
    assert {*rules.RULES, *reasons} - {"project_members"} == code_audiences.RESERVED


def test_apps_bring_them_before_the_types_that_have_them(monkeypatch):
    found: list[str] = []
    monkeypatch.setattr("events.apps.autodiscover_modules", found.append)
    apps.get_app_config("carillon_events").ready()
    assert found.index("event_audiences") < found.index("event_types")


@pytest.mark.parametrize("rule", ["project_members", "project", "group:lighting", "group:Licht & Ton"])
def test_a_type_may_have_them(rule):
    EventType(name="job.note", category="job", audience=["owner", rule]).clean()


@pytest.mark.parametrize("rule", ["project_member", "group:", "group", "group:a\nb", "group:" + "x" * 151])
def test_a_type_with_another_is_refused_with_all_that_there_are(rule):
    with pytest.raises(ValidationError, match=r"unknown name .*; known are actor, .*, project_members, group:<name>"):
        EventType(name="job.note", category="job", audience=[rule]).clean()


def test_a_declared_type_may_have_them(monkeypatch):
    monkeypatch.setattr(declarations, "_declared", {})
    declare("billing.paid", category="billing", audience=["project_members"])
    with pytest.raises(ImproperlyConfigured, match="unknown name 'nobodys'"):
        declare("billing.due", category="billing", audience=["nobodys"])


def test_they_are_said_in_words():
    EventType.objects.create(name="job.note", category="job", audience=["project_members", "group:lighting", "project"])
    said = rules.in_words(EventType.objects.get(name="job.note").rules)
    assert said == "Project members, the group lighting, the members of its project"


def test_the_catalogue_says_so_too(client, member):
    EventType.objects.create(name="job.note", category="job", audience=["project_members", "group:<b>lighting"])
    client.force_login(member)
    page = client.get(reverse("carillon:catalogue")).content.decode()
    assert "Project members, the group &lt;b&gt;lighting." in page


def form(client, event_type: EventType) -> tuple[str, dict[str, Any]]:
    """The admin's page of the type, and what its form would send."""
    answer = client.get(reverse("admin:carillon_events_eventtype_change", args=[event_type.pk]))
    initial = answer.context["adminform"].form
    sent = {name: initial[name].value() for name in initial.fields}
    return answer.content.decode(), {
        name: value for name, value in sent.items() if value is not None and value is not False
    }


def save(client, event_type: EventType, sent: dict[str, Any], *chosen: str) -> int:
    page = reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])
    return int(client.post(page, sent | {"audience": chosen}).status_code)


def test_they_are_chosen_in_the_admin(client, admin):
    client.force_login(admin)
    Group.objects.create(name="lighting")
    event_type = EventType.objects.get(name="job.completed")
    page, sent = form(client, event_type)
    offered = re.findall(r'name="audience" value="([^"]+)"[^>]*>\s*([^<]+?)<', page)
    assert ("project_members", "Project members") in offered
    assert ("group:lighting", "The group lighting") in offered
    assert save(client, event_type, sent, "owner", "project_members", "group:lighting", "project") == 302
    event_type.refresh_from_db()
    assert set(event_type.audience) == {"owner", "project_members", "group:lighting", "project"}


def test_a_rule_that_is_gone_stays_until_somebody_unticks_it(client, admin):
    client.force_login(admin)
    EventType.objects.filter(name="job.completed").update(audience=["owner", "long_gone", "group:gone"])
    event_type = EventType.objects.get(name="job.completed")
    page, sent = form(client, event_type)
    assert "long_gone (not there)" in page
    assert save(client, event_type, sent, "owner", "long_gone") == 200
    assert save(client, event_type, sent, "owner", "group:gone") == 302
    event_type.refresh_from_db()
    assert event_type.audience == ["owner", "group:gone"]


def test_the_admin_says_that_one_fails_where_it_would_say_who_is_told(client, admin):
    client.force_login(admin)
    audience("broken", label="nobody knows")(lambda _event: None)
    event_type = EventType.objects.get(name="job.completed")
    sent = fields_of(event_type, part="preview", dry_run="true", audience=["broken"])
    page = client.post(reverse("admin:carillon_events_eventtype_preview", args=[event_type.pk]), sent)
    assert (
        "audience broken failed (TypeError: it must return a queryset of users, not NoneType)" in page.content.decode()
    )
