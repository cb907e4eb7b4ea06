"""Templates print what their pages give them: a variable that no page knows would be silently empty."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.template import Context, Engine
from django.urls import reverse

from config import demo
from delivery.models import Address
from events.sweep import sweep
from notifications.models import Notification, Summary
from tests.delivery.factories.emails import event, outgoing, part, summary

pytestmark = pytest.mark.django_db

UNKNOWN = "unknown variable: "
# What a template itself says may be missing, and what a form was sent.
TEMPLATES = (Path(__file__).parents[2] / "templates").rglob("*.html")
OPTIONAL = {name for path in TEMPLATES for name in re.findall(r"{{ ([\w.]+)\|default:", path.read_text())}


@pytest.fixture(autouse=True)
def _loud(monkeypatch) -> None:
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", UNKNOWN + "%s")


@pytest.fixture
def loaded(db) -> None:
    demo.load()
    sweep()


def unknown_in(text: str) -> set[str]:
    """Return the unknown names outside of <template> elements, which scripts fill."""
    found = re.findall(UNKNOWN + r"([\w.]*)", re.sub(r"<template\b.*?</template>", "", text, flags=re.DOTALL))
    return {name for name in found if name not in OPTIONAL and not name.startswith("request.POST.")}


def addresses_of(name: str) -> list[str]:
    """Every page of a person, and of each row, address and summary of theirs."""
    user = User.objects.get(username=name)
    found = [
        *map(reverse, ["inbox", "preferences", "deliveries", "channels", "catalogue"]),
        f"{reverse('channel-add')}?kind=webhook",
        f"{reverse('deliveries')}?state=dead",
        f"{reverse('inbox')}?unread=1",
    ]
    rows = Notification.objects.filter(user=user, channel="in_app").values_list("pk", flat=True)
    found += [reverse("notification-detail", args=[one]) for one in rows]
    found += [reverse("channel", args=[one]) for one in Address.objects.filter(user=user).values_list("pk", flat=True)]
    found += [reverse("summary", args=[one]) for one in Summary.objects.filter(user=user).values_list("pk", flat=True)]
    return found


@pytest.mark.parametrize("name", ["alice", "carol", "admin"])
def test_pages_know_every_variable_they_print(client, loaded, name):
    client.force_login(User.objects.get(username=name))
    pages = {path: client.get(path).content.decode() for path in addresses_of(name)}
    assert {path: unknown_in(text) for path, text in pages.items() if unknown_in(text)} == {}


@pytest.mark.parametrize("name", ["plain", "html"])
def test_mails_know_every_variable_they_print(name):
    assert unknown_in(part(outgoing(event()), name) + part(summary(3), name)) == set()


def test_a_variable_that_is_unknown_is_seen():
    assert Engine.get_default().from_string("{{ nobody_knows }}").render(Context()) == UNKNOWN + "nobody_knows"
