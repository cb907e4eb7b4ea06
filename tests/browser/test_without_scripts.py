"""Everything works by links and forms alone."""

from __future__ import annotations

import functools
import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def plain(enter):
    """A browser without JavaScript."""
    return functools.partial(enter, java_script_enabled=False)


def unread(site, who: str, count: int) -> None:
    site.clear(who)
    for number in range(count):
        site.mention(who, text=f"No. {number}")
    site.wait_for_unread(who, count)


def test_the_inbox_reads_marks_and_undoes(site, plain):
    unread(site, "carol", 2)
    page = plain("carol", clear=False)
    expect(page.locator(".badge")).to_have_text("2")
    page.locator(".carillon-row").first.hover()
    page.locator(".carillon-row").first.get_by_role("button", name="Mark as read").click()
    expect(page.locator(".badge")).to_have_text("1")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".badge")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".badge")).to_have_text("1")


def test_filters_are_links_that_keep_each_other(site, plain):
    unread(site, "carol", 1)
    page = plain("carol", clear=False)
    page.get_by_role("link", name="Collaboration").click()
    expect(page.locator(".carillon-row").first).to_contain_text("mentioned you")
    page.get_by_role("link", name="Unread only").click()
    expect(page).to_have_url("/notifications/?category=collaboration&unread=1")
    expect(page.locator(".carillon-row")).to_have_count(1)
    page.get_by_role("link", name="System").click()
    expect(page.get_by_text("No notification matches these filters.")).to_be_visible()


def test_the_bell_is_a_link_to_the_inbox(plain):
    page = plain("carol", "/notifications/preferences/")
    page.get_by_role("link", name="Notifications, none unread").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_preferences_are_one_form(plain):
    page = plain("carol", "/notifications/preferences/")
    box = page.locator("#type-job\\.failed").get_by_role("checkbox", name="E-mail")
    was = box.is_checked()
    box.set_checked(not was)
    page.get_by_role("link", name="When", exact=True).click()
    page.locator("#timezone").fill("Europe/Paris")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    expect(page.locator("#timezone")).to_have_value("Europe/Paris")
    page.get_by_role("link", name="What", exact=True).click()
    expect(page.locator("#type-job\\.failed").get_by_role("checkbox", name="E-mail")).to_be_checked(checked=not was)


def test_do_not_disturb_and_windows_are_buttons(plain):
    page = plain("carol", "/notifications/preferences/#when")
    page.get_by_role("button", name="30 minutes").click()
    expect(page.locator("[data-words=quiet_words]")).to_contain_text("(UTC)")
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator("[data-words=quiet_words]")).to_have_text("Off")
    page.get_by_text("Add a window").click()
    page.locator("[name=hours-0-days]").first.check()
    # The key is that of the form's own button, not of the first one.
    page.locator("[name=hours-0-start]").press("Enter")
    expect(page.get_by_role("button", name="Remove")).to_have_count(1)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)


def test_a_refused_preference_says_why(plain):
    page = plain("carol", "/notifications/preferences/#when", expect=("400",))
    page.locator("#timezone").fill("Middle/Earth")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".alert")).to_contain_text("Middle/Earth")


def test_following_begins_on_a_page_and_ends_among_the_preferences(plain):
    page = plain("admin", "/entities/job/42/")
    page.get_by_role("button", name=re.compile("^Follow ")).click()
    expect(page.get_by_role("button", name=re.compile("^Following .*: stop following$"))).to_be_visible()
    page.goto("/notifications/preferences/")
    page.get_by_role("button", name="Stop following Job 42").click()
    expect(page.locator("#following")).to_contain_text("You follow nothing yet.")
