"""The preferences show where each channel goes: its addresses, what is missing, and a test for each."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from delivery.pages.channel_status import statuses_of
from events.accounts import User
from notifications.pages.inbox_status import status_of
from tests.delivery.factories.deliveries import address

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]


@pytest.fixture
def browser(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def status(user: User, kind: str = "fake"):
    return statuses_of(status_of(user.pk, now=timezone.now()))[kind]


def page(browser: Client) -> str:
    return browser.get(reverse("carillon:preferences")).content.decode()


def test_a_channel_without_an_address_leads_to_adding_one(browser, member):
    assert (status(member, "webhook").is_open, status(member, "webhook").add) == (False, "/channels/add/?kind=webhook")
    assert page(browser).count('href="/channels/add/?kind=webhook"') == 2


def test_an_address_is_shown_with_how_it_stands_and_a_test(browser, member):
    row = address(member, kind="webhook", target="https://hooks.example/a")
    [place] = status(member, "webhook").addresses
    assert (place.state, place.test) == ("Ready", reverse("carillon:channel-test", args=[row.pk]))
    assert f'action="{place.test}"' in page(browser)


@pytest.mark.parametrize("change", [{"verified_at": None}, {"is_enabled": False}])
def test_none_is_tested_that_takes_nothing(member, change):
    address(member, **change)
    assert (status(member).is_open, [place.test for place in status(member).addresses]) == (False, [""])


def test_one_that_is_switched_off_makes_way_for_one_in_use(member):
    address(member, target="old", is_enabled=False)
    kept = address(member, target="new")
    assert [place.id for place in status(member).addresses] == [kept.pk]


def test_the_test_comes_back_to_the_preferences(browser, member):
    row = address(member)
    answer = browser.post(reverse("carillon:channel-test", args=[row.pk]), {"next": reverse("carillon:preferences")})
    assert answer.url == reverse("carillon:preferences")
    assert Delivery.objects.get(address=row).purpose == Delivery.Purpose.TEST


def test_nobody_is_led_elsewhere(browser, member):
    row = address(member)
    answer = browser.post(reverse("carillon:channel-test", args=[row.pk]), {"next": "https://evil.example/"})
    assert answer.url == reverse("carillon:inbox")


def test_another_s_address_is_not_theirs(browser, owner):
    row = address(owner)
    assert f"/channels/{row.pk}/" not in page(browser)
