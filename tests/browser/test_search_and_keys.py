"""Search while one types, and keys from anywhere on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def inbox(site, live) -> Page:
    """Two unread ones on top."""
    page: Page = live("carol", reduced_motion="reduce")
    for number in (501, 502):
        site.job_finished(f"Shot {number}", for_="carol")
    expect(page.locator(".badge")).to_have_text("2")
    page.goto("/notifications/?category=job&unread=1")
    page.locator("carillon-feed:defined").first.wait_for()
    return page


def test_the_rows_and_the_address_follow_what_is_typed_and_the_filters_stay(inbox):
    rows, asked = inbox.locator("main .carillon-row"), []
    inbox.on("request", lambda request: asked.append(request.url) if "/rows/" in request.url else None)
    inbox.keyboard.press("/")
    inbox.keyboard.type("Shot 501")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Shot 501")
    expect(inbox).to_have_url(re.compile(r"category=job&unread=1&q=Shot\+501|q=Shot\+501&category=job&unread=1"))
    expect(inbox.locator("main .chip").first).to_have_attribute("href", re.compile("q=Shot"))
    expect(inbox.locator(".feed-search [role=status]")).to_have_text("1 found")
    inbox.keyboard.press("Escape")
    expect(rows).to_have_count(2)
    inbox.keyboard.press("Escape")
    expect(rows.first.locator(".row-title a")).to_be_focused()
    assert len(asked) < len("Shot 501")


def test_signs_of_keys_are_typed_where_somebody_types(inbox):
    inbox.keyboard.press("/")
    inbox.keyboard.type("e/?x")
    expect(inbox.locator(".feed-search [name=q]")).to_have_value("e/?x")
    expect(inbox.get_by_role("dialog")).to_have_count(0)
    expect(inbox.locator(".badge")).to_have_text("2")


def test_without_scripts_the_search_keeps_the_filters(inbox, enter):
    page = enter("carol", "/notifications/?category=job&unread=1", clear=False, java_script_enabled=False)
    page.locator(".feed-search [name=q]").fill("Shot 502")
    page.locator(".feed-search [name=q]").press("Enter")
    expect(page.locator("main .carillon-row")).to_have_count(1)
    expect(page.locator("main .chip[data-filter-unread]")).to_have_attribute("aria-current", "true")


def test_keys_begin_anywhere_on_the_page(inbox):
    for key in ("j", "x", "j", "x"):
        inbox.keyboard.press(key)
    expect(inbox.locator(".selected")).to_have_text("2 selected")
    inbox.locator("main h1").click()
    inbox.keyboard.press("r")
    expect(inbox.locator(".badge")).to_be_hidden()


def test_a_question_mark_shows_the_keys_where_they_can_be_turned_off(inbox):
    inbox.keyboard.press("?")
    dialog = inbox.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox").uncheck()
    inbox.keyboard.press("Escape")
    inbox.keyboard.press("?")
    expect(dialog).to_be_hidden()
    inbox.keyboard.press("j")
    expect(inbox.locator("main .row-title a").first).not_to_be_focused()


def test_h_opens_the_choices_of_the_row_with_the_focus(inbox):
    inbox.keyboard.press("j")
    inbox.keyboard.press("h")
    inbox.keyboard.press("Enter")
    expect(inbox.locator("main [data-note=undo]")).to_contain_text("Snoozed until")
    expect(inbox.locator(".badge")).to_have_text("1")
