"""When each channel speaks is chosen on the preferences, by a plain form: for all types, and in a type's line."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events.models import EventType
from notifications.models import NotificationPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_of
from tests.notifications.factories.routing import NOON, change_type

pytestmark = pytest.mark.django_db

TYPE = "job.completed"


@pytest.fixture
def page(client: Client, owner) -> Client:
    client.force_login(owner)
    return client


def send(page: Client, **fields: Any) -> int:
    return page.post(reverse("carillon:preferences"), fields).status_code


def line_of(page: Client, name: str) -> dict[str, Any]:
    groups = page.get(reverse("carillon:preferences")).context["groups"]
    return next(line for group in groups for line in group["lines"] if line["type"].name == name)


def number() -> int:
    return EventType.objects.get(name=TYPE).pk


def test_it_is_stored_for_all_types(page, owner):
    assert (
        send(page, sections="ladder", **{"ladder-email": "15", "ladder-chat": "never", "ladder-webhook": "usual"})
        == 302
    )
    assert settings_of(owner.pk).ladder == {"email": 15, "chat": "never"}


def test_what_the_form_does_not_name_stays(page, owner):
    change_settings(owner.pk, now=NOON, ladder={"webhook": 60})
    send(page, sections="ladder", **{"ladder-email": "0"})
    assert settings_of(owner.pk).ladder == {"email": 0, "webhook": 60}


def test_it_is_stored_for_one_type_beside_its_boxes(page, owner):
    send(page, types=number(), **{f"channels-{number()}": ["in_app", "email"], f"ladder-{number()}-email": "60"})
    stored = NotificationPreference.objects.get(user=owner, event_type=number())
    assert (stored.channels, stored.ladder) == (["in_app", "email"], {"email": 60})


def test_as_usual_takes_it_back(page, owner):
    preferences.change(owner.pk, event_type_id=number(), now=NOON, ladder={"email": 60})
    send(page, types=number(), **{f"channels-{number()}": ["in_app"], f"ladder-{number()}-email": "usual"})
    assert NotificationPreference.objects.get(user=owner, event_type=number()).ladder == {}


@pytest.mark.parametrize("name", ["ladder-email", "ladder-{}-email"])
def test_what_no_page_offers_is_refused(page, owner, name):
    fields = {name.format(number()): "7"}
    assert send(page, sections="ladder", types=number(), **fields) == 400
    assert settings_of(owner.pk).ladder == {}


def test_a_critical_type_offers_nothing_and_a_required_one_no_silence(page):
    change_type(TYPE, is_critical=True)
    assert line_of(page, TYPE)["ladder"] == []
    change_type(TYPE, is_critical=False, is_locked=True, default_channels=["in_app", "email"])
    offered = {one["name"]: dict(one["options"]).keys() for one in line_of(page, TYPE)["ladder"]}
    assert "never" not in offered[f"ladder-{number()}-email"]
    assert "never" in offered[f"ladder-{number()}-chat"]


def test_the_page_shows_what_was_chosen(page, owner):
    change_settings(owner.pk, now=NOON, ladder={"email": 15})
    shown = page.get(reverse("carillon:preferences")).content.decode()
    assert '<option value="15" selected>If still unread after 15 minutes' in shown
