"""A new password: it ends other sessions, and the keys that act for the account if their person says so."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from events import api_keys
from events.accounts import User
from events.models import ApiKey
from tests.accounts.factory import admin_page, sign_in_name
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/password/"
NEW = {"old_password": PASSWORD, "new_password1": "rather-a-long-one-4", "new_password2": "rather-a-long-one-4"}


@pytest.fixture
def browser(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


def living() -> int:
    return ApiKey.objects.filter(revoked_at=None).count()


def test_a_new_password_keeps_this_session_and_ends_the_others(browser, member):
    other = Client()
    other.force_login(member)
    answer = browser.post(PAGE, NEW, follow=True)
    assert answer.redirect_chain == [(reverse("carillon:preferences"), 302)]
    assert "Password changed." in answer.content.decode()
    assert other.get(PAGE).status_code == 302
    assert Client().login(username=sign_in_name("member"), password="rather-a-long-one-4")


def test_keys_are_kept_unless_their_person_says_otherwise(browser, member):
    api_keys.issue(member)
    assert "You have 1 API key." in browser.get(PAGE).content.decode()
    browser.post(PAGE, NEW)
    assert living() == 1


def test_keys_are_revoked_on_demand_and_nobody_elses(browser, member, owner):
    for user in (member, member, owner):
        api_keys.issue(user)
    answer = browser.post(PAGE, NEW | {"revoke_keys": "on"}, follow=True)
    assert "2 keys revoked." in answer.content.decode()
    assert living() == 1


def test_without_keys_none_are_spoken_of(browser):
    assert "revoke_keys" not in browser.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"old_password": "wrong"}, "entered incorrectly"),
        ({"new_password2": "another"}, "didn’t match"),
        ({"new_password1": "x", "new_password2": "x"}, "too short"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(browser, member, changes, said):
    api_keys.issue(member)
    page = browser.post(PAGE, NEW | {"revoke_keys": "on"} | changes)
    assert said in page.content.decode()
    assert living() == 1
    assert Client().login(username=sign_in_name("member"), password=PASSWORD)


def test_the_page_is_for_whoever_is_signed_in(db):
    assert Client().get(PAGE)["Location"] == "/sign-in/?next=/password/"


def test_the_admins_own_page_leads_to_it(browser):
    assert browser.get("/admin/password_change/")["Location"] == PAGE


def test_the_preferences_lead_to_it_where_there_is_a_password(browser, member):
    assert f'href="{PAGE}"' in browser.get("/notifications/preferences/").content.decode()
    member.set_unusable_password()
    member.save()
    browser.force_login(member)
    assert f'href="{PAGE}"' not in browser.get("/notifications/preferences/").content.decode()


def test_the_admin_may_revoke_a_persons_keys_with_their_password(admin_client, member):
    api_keys.issue(member)
    page = admin_page("password_change", member.pk)
    assert "You have 1 API key." in admin_client.get(page).content.decode()
    new = {"password1": "rather-a-long-one-4", "password2": "rather-a-long-one-4", "usable_password": "true"}
    admin_client.post(page, new | {"revoke_keys": "on"})
    assert living() == 0
    assert "API keys" in LogEntry.objects.get().get_change_message()
