"""Triage in the inbox: select, be done, snooze, undo, search; by keys and by hand, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def inbox(site, live) -> Page:
    """Three unread ones on top."""
    page: Page = live("carol", reduced_motion="reduce")
    for number in (301, 302, 303):
        site.job_finished(f"Shot {number}", for_="carol")
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator("main .carillon-row").first).to_contain_text("Shot 303")
    return page


def test_keys_select_and_are_done_and_undo_brings_it_back(inbox):
    rows = inbox.locator("main .carillon-row")
    rows.first.locator(".row-title a").focus()
    inbox.keyboard.press("x")
    inbox.keyboard.press("j")
    inbox.keyboard.press("x")
    expect(inbox.locator(".selection-bar .selected")).to_have_text("2 selected")
    inbox.keyboard.press("e")
    expect(rows.first).to_contain_text("Shot 301")
    expect(inbox.locator(".badge")).to_have_text("1")
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator(".badge")).to_have_text("3")
    expect(rows.first).to_contain_text("Shot 303")


def test_shift_selects_a_range_and_snoozing_takes_it_out(inbox):
    boxes = inbox.locator("main .row-check")
    boxes.first.check(force=True)
    boxes.nth(2).click(modifiers=["Shift"], force=True)
    expect(inbox.locator(".selection-bar .selected")).to_have_text("3 selected")
    inbox.locator(".selection-bar select").select_option("tomorrow")
    inbox.locator(".selection-bar").get_by_role("button", name="Snooze").click()
    expect(inbox.locator("main [data-note=undo]")).to_contain_text("Snoozed until")
    expect(inbox.locator(".badge")).to_be_hidden()
    inbox.get_by_role("link", name="Snoozed").click()
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Snoozed until")


def test_a_slash_leads_to_the_search(inbox):
    inbox.locator("main .row-title a").first.focus()
    inbox.keyboard.press("/")
    inbox.keyboard.type("Shot 302")
    inbox.keyboard.press("Enter")
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Shot 302")


def test_without_scripts_the_bar_is_there_and_works(inbox, enter):
    page = enter("carol", clear=False, java_script_enabled=False)
    page.locator("main .row-check").first.check()
    page.locator(".selection-bar").get_by_role("button", name="Done").click()
    expect(page.locator("main [data-note=undo]")).to_contain_text("Done: 1")
    expect(page.locator(".badge")).to_have_text("2")
