"""A critical one is acknowledged in its row and on its own page, without scripts too."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from events.bus import publish
from notifications.inbox import feed
from notifications.models import Notification
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, define, route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture
def row(owner):
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["admins"]}
    define("odd.fire", category="odd", audience=["owner", "members"], **escalates)
    route(publish("odd.fire", source=JOB))
    [row] = feed.page(owner.pk)
    return row


def page(client, name: str, *args: int) -> str:
    return str(client.get(reverse(f"carillon:{name}", args=args)).content.decode())


def post(client: Client, row: Notification) -> HttpResponseBase:
    return client.post(reverse("carillon:notification-acknowledge", args=[row.pk]), {"next": "/notifications/"})


def test_a_row_has_the_button_and_then_says_who_is_on_it(client, owner, row):
    client.force_login(owner)
    button = f'formaction="{reverse("carillon:notification-acknowledge", args=[row.pk])}"'
    assert f"{button}\n      >Acknowledge<" in page(client, "inbox")
    assert post(client, row)["Location"] == "/notifications/"
    assert f"{button} hidden" in page(client, "inbox")
    assert f" · {name_of(owner)} is on it" in page(client, "inbox")


def test_its_own_page_says_who_is_next_and_then_who_has_it(client, owner, row):
    client.force_login(owner)
    shown = page(client, "notification-detail", row.pk)
    assert "for somebody to acknowledge it; then it goes on to admins" in shown
    assert 'primary">Acknowledge</button>' in shown
    post(client, row)
    shown = page(client, "notification-detail", row.pk)
    assert f"{name_of(owner)} acknowledged it." in shown
    assert 'primary">Acknowledge</button>' not in shown


def test_another_s_is_404(client, outsider, row):
    client.force_login(outsider)
    assert post(client, row).status_code == 404
