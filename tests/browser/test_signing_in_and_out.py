"""Coming and going; a session that ends elsewhere says so and stops asking."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in, wait_until_live

pytestmark = pytest.mark.browser
NOBODY: dict[str, list[str]] = {"cookies": [], "origins": []}


def test_a_wrong_password_is_said_in_the_form(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state=NOBODY)
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("don’t match")
    expect(page.get_by_label("User name")).to_have_value("bob")


def test_a_form_without_its_cookie_says_what_to_do(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state=NOBODY, expect=("403",))
    page.context.clear_cookies()
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill("carillon-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Please try again")).to_be_visible()
    expect(page.get_by_text("Allow cookies for this site")).to_be_visible()


def test_the_demo_names_its_accounts(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state=NOBODY)
    expect(page.get_by_text("Demo accounts: admin, alice, bob, carol")).to_be_visible()


def test_signing_in_leads_back_to_the_page_that_was_asked_for(enter):
    page = enter("bob", "/notifications/preferences/", clear=False, storage_state=NOBODY)
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill("carillon-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Preferences")).to_be_visible()


def test_signing_out_in_one_tab_tells_the_other(enter):
    first = enter("bob", "/sign-in/", clear=False, storage_state=NOBODY)
    sign_in(first, "bob")
    second = enter("bob", same_as=first)
    wait_until_live(second)
    first.get_by_role("button", name="Account").click()
    first.get_by_role("button", name="Sign out").click()
    expect(second.locator(".toast")).to_contain_text("You've been signed out.")
    expect(second.locator("carillon-toasts").get_by_role("link", name="Sign in")).to_have_attribute(
        "href", "/sign-in/?next=%2Fnotifications%2F"
    )
    expect(second.locator(".bell")).to_have_attribute(
        "aria-label", re.compile("^Notifications, .* unread, live updates off$")
    )


def test_a_page_of_one_person_shows_nothing_of_another_who_signs_in_beside_it(live):
    page = live("alice", expect=("401", "4401"))
    beside = page.context.new_page()
    page.context.clear_cookies()
    sign_in(beside, "admin")
    page.evaluate("document.querySelector('main carillon-feed').reload()")
    expect(page.locator(".toast")).to_contain_text("You've been signed out.")
    expect(page.locator("main [data-note=connection]").get_by_role("link", name="Sign in")).to_be_visible()
