"""The menu of a row: snooze until one of the offered moments or one's own, done, read, fewer of these."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE, wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def inbox(site, live) -> Page:
    """Two unread ones on top."""
    page: Page = live("carol", reduced_motion="reduce")
    for number in (401, 402):
        site.job_finished(f"Shot {number}", for_="carol")
    expect(page.locator(".badge")).to_have_text("2")
    return page


def open_menu(page: Page, title: str) -> None:
    # Until then it is a link.
    wait_until_live(page)
    row = page.locator("main .carillon-row").first
    row.hover()
    row.get_by_title(title).click()
    expect(page.locator(".row-actions")).to_be_visible()


def test_a_row_is_snoozed_until_a_moment_of_one_s_own(inbox):
    open_menu(inbox, "Snooze")
    inbox.locator(".row-actions [name=at]").fill("2027-01-08T07:30")
    inbox.locator(".row-actions [name=at]").press("Enter")
    expect(inbox.locator("main [data-note=undo]")).to_contain_text("07:30")
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Shot 401")


def test_what_is_done_from_the_menu_leaves_the_selection_and_takes_the_focus_on(inbox):
    inbox.locator("main .row-check").nth(1).check(force=True)
    open_menu(inbox, "More")
    inbox.locator(".row-actions").get_by_role("button", name="Done").click()
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Shot 401")
    expect(inbox.locator("main .row-title a").first).to_be_focused()
    expect(inbox.locator(".selected")).to_have_text("1 selected")


def test_the_menu_follows_its_row_and_escape_leads_back(inbox):
    open_menu(inbox, "More")
    inbox.locator(".row-actions").get_by_role("button", name="Mark as read").click()
    expect(inbox.locator("main .carillon-row").first).to_have_attribute("data-read", "")
    open_menu(inbox, "More")
    expect(inbox.locator(".row-actions").get_by_role("button", name="Mark as unread")).to_be_visible()
    inbox.keyboard.press("Escape")
    expect(inbox.locator("main .row-opens").nth(1)).to_be_focused()


def test_fewer_of_these_leads_to_the_row_of_its_type(inbox):
    open_menu(inbox, "More")
    inbox.get_by_role("link", name="Fewer of these…").click()
    expect(inbox.locator(":target")).to_contain_text("Your job finished")


def test_without_scripts_the_row_leads_to_its_page_where_the_same_is_offered(inbox, enter):
    page = enter("carol", clear=False, java_script_enabled=False)
    page.locator("main .row-opens").nth(1).click()
    page.get_by_label("Until…").fill("2027-01-08T07:30")
    page.locator(".row-until").get_by_role("button", name="Snooze").click()
    expect(page.locator("main")).to_contain_text("Snoozed until")
    expect(page.locator(".badge")).to_have_text("1")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_no_rule_of_axe_is_broken_in_any_state(inbox, enter, scheme, size):
    page = enter("carol", clear=False, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    open_menu(page, "More")
    found = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += violations(page)
    page.keyboard.press("Escape")
    page.locator("main .row-check").first.check(force=True)
    page.locator(".selection-bar select").select_option("at")
    assert found + violations(page) == []
