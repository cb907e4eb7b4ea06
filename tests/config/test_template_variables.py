"""Templates print what their pages give them: a variable that no page knows would be silently empty."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.template import Context, Engine
from django.urls import reverse
from django.utils import timezone

from config import demo
from delivery import signed_links
from delivery.models import Address
from delivery.signed_links import Subscription
from events.accounts import User
from events.models import EventType
from events.sweep import sweep
from notifications.models import Notification, Summary
from tests.accounts.factory import named
from tests.delivery.factories.emails import event, outgoing, part, summary
from tests.notifications.factories.routing import define, store_preference

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
    user = named(name)
    found = [
        *(reverse(f"carillon:{name}") for name in ("inbox", "preferences", "deliveries", "channels", "catalogue")),
        f"{reverse('carillon:channel-add')}?kind=webhook",
        f"{reverse('carillon:deliveries')}?state=dead",
        f"{reverse('carillon:inbox')}?unread=1",
    ]
    rows = Notification.objects.filter(user=user, channel="in_app").values_list("pk", flat=True)
    found += [reverse("carillon:notification-detail", args=[one]) for one in rows]
    found += [
        reverse("carillon:channel", args=[one])
        for one in Address.objects.filter(user=user).values_list("pk", flat=True)
    ]
    found += [
        reverse("carillon:summary", args=[one])
        for one in Summary.objects.filter(user=user).values_list("pk", flat=True)
    ]
    return found


@pytest.mark.parametrize("name", ["alice", "carol", "admin"])
def test_pages_know_every_variable_they_print(client, loaded, name):
    client.force_login(named(name))
    pages = {path: client.get(path).content.decode() for path in addresses_of(name)}
    assert {path: unknown_in(text) for path, text in pages.items() if unknown_in(text)} == {}


def links_of(user: User) -> list[str]:
    """Every kind of link in mails: to stop a type, one that is locked, the digest; to confirm, in time and too late."""
    define("bench.lock", category="bench", default_channels=["in_app", "email"], is_locked=True)
    types = EventType.objects.filter(name__in=["job.completed", "bench.lock"])
    new = Address.objects.create(user=user, kind="email", target="new@example.com", verified_at=None)
    other = Address.objects.create(user=user, kind="email", target="other@example.com", verified_at=None)
    return [
        *[
            signed_links.unsubscribe_url(Subscription(user.pk, one))
            for one in [*types.values_list("pk", flat=True), None]
        ],
        signed_links.confirmation_url(new, sent_at=timezone.now()),
        signed_links.confirmation_url(other, sent_at=timezone.now() - timedelta(days=365)),
    ]


def test_pages_behind_links_in_mails_know_every_variable_they_print(client, owner):
    store_preference(owner, "job.completed", channels=["in_app", "email"])
    paths = [urlsplit(url).path for url in links_of(owner)]
    answers = [ask(path) for path in paths for ask in (client.get, client.post, client.get)]
    assert {answer.status_code for answer in answers} == {200, 409, 410}
    assert set().union(*[unknown_in(answer.content.decode()) for answer in answers]) == set()


@pytest.mark.parametrize("name", ["plain", "html"])
def test_mails_know_every_variable_they_print(name):
    assert unknown_in(part(outgoing(event()), name) + part(summary(3), name)) == set()


def test_a_variable_that_is_unknown_is_seen():
    assert Engine.get_default().from_string("{{ nobody_knows }}").render(Context()) == UNKNOWN + "nobody_knows"
