"""A link in a mail that can't be followed says what happened to it and what to do now, and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from delivery import signed_links
from delivery.models import Address
from delivery.signed_links import Subscription
from events.models import EventType
from tests.notifications.factories.routing import define, store_preference

pytestmark = pytest.mark.django_db
PREFERENCES, CHANNELS = "/notifications/preferences/", "/channels/"


@pytest.fixture
def address(owner) -> Address:
    return Address.objects.create(user=owner, kind="email", target="other@example.org")


@pytest.fixture
def unsubscribe(owner) -> str:
    store_preference(owner, "job.completed", channels=["in_app", "email"])
    kind = EventType.objects.get(name="job.completed")
    return path_of(signed_links.unsubscribe_url(Subscription(owner.pk, kind.pk)))


@pytest.fixture
def confirm(address) -> str:
    return path_of(signed_links.confirmation_url(address, sent_at=timezone.now()))


def path_of(url: str) -> str:
    return url.removeprefix("http://localhost:8000")


def cut(path: str) -> str:
    """The link as a mail program breaks it."""
    return f"{path[:-12]}/"


def check(response: Any, *, status: int, title: str, way_on: str) -> None:
    """It has this status and title, one way on, and stays out of caches and search as a link that works does."""
    page = response.content.decode()
    assert (response.status_code, f"<h1>{escape(title)}</h1>" in page) == (status, True), page
    assert f'class="button primary" href="{way_on}"' in page
    assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("ask", ["get", "post"])
@pytest.mark.parametrize(("kind", "way_on"), [("unsubscribe", PREFERENCES), ("confirm", CHANNELS)])
def test_a_damaged_one(request, kind, way_on, ask):
    response = getattr(Client(), ask)(cut(request.getfixturevalue(kind)))
    check(response, status=404, title="This link is damaged", way_on=way_on)


@pytest.mark.parametrize(("path", "way_on"), [("/unsubscribe/", PREFERENCES), ("/confirm/", CHANNELS)])
def test_one_that_lost_all_that_was_signed(path, way_on):
    check(Client().get(path), status=404, title="This link is damaged", way_on=way_on)


def test_an_expired_one(address):
    sent_at = timezone.now() - timedelta(days=4)
    response = Client().post(path_of(signed_links.confirmation_url(address, sent_at=sent_at)))
    check(response, status=410, title="This link has expired", way_on=CHANNELS)


@pytest.mark.parametrize(("kind", "said"), [("unsubscribe", "have stopped"), ("confirm", "is confirmed")])
def test_one_that_was_used_already_says_how_things_are(request, kind, said):
    path = request.getfixturevalue(kind)
    assert all(said in Client().post(path).content.decode() for _ in range(2))
    assert said in Client().get(path).content.decode()


def test_one_whose_person_is_gone(owner, unsubscribe):
    owner.delete()
    check(Client().post(unsubscribe), status=410, title="This link no longer works", way_on=PREFERENCES)


def test_one_for_an_address_that_is_another_person_s_by_now(address, member, confirm):
    Address.objects.filter(pk=address.pk).update(user=member)
    check(Client().post(confirm), status=410, title="This link no longer works", way_on=CHANNELS)
    address.refresh_from_db()
    assert address.verified_at is None


def test_one_for_a_type_that_can_t_be_turned_off(owner):
    kind = define("bench.lock", category="bench", default_channels=["in_app", "email"], is_locked=True)
    response = Client().post(path_of(signed_links.unsubscribe_url(Subscription(owner.pk, kind.pk))))
    check(response, status=409, title="You can't turn this off", way_on=PREFERENCES)


@pytest.mark.parametrize("kind", ["unsubscribe", "confirm"])
@pytest.mark.parametrize("who", ["owner", "member"])
def test_one_of_another_person_works_and_says_so(request, client, kind, who):
    client.force_login(request.getfixturevalue(who))
    said = "This link is for another account, not for the one you’re signed in with."
    response = client.get(request.getfixturevalue(kind))
    assert (response.status_code, said in response.content.decode()) == (200, who == "member")
