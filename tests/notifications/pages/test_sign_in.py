"""The sign-in page, for whoever comes to it."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.test import Client

from tests.accounts.factory import sign_in_name
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(member) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("", "/notifications/"),
        ("/deliveries/", "/deliveries/"),
        ("/sign-in/", "/notifications/"),
        ("deliveries", "deliveries"),
        ("\ufffd", "%EF%BF%BD"),
        ("//evil.example/", "/notifications/"),
    ],
)
def test_whoever_is_signed_in_goes_on(browser, wanted, leads_to):
    assert browser.get("/sign-in/", {"next": wanted})["Location"] == leads_to


def test_another_name_and_password_sign_in_another(browser, owner):
    """As from a form that was left open in a tab: nobody works on as the one before."""
    browser.post("/sign-in/", {"username": sign_in_name("owner"), "password": PASSWORD})
    assert get_user(browser) == owner


def test_a_wrong_password_leaves_whoever_is_signed_in(browser, member):
    assert browser.post("/sign-in/", {"username": sign_in_name("owner"), "password": "wrong"}).status_code == 200
    assert get_user(browser) == member
