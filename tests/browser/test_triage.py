"""Triage in the inbox: select, be done, snooze, undo, search; by keys and by hand, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def inbox(site, live) -> Page:
    """Three unread ones on top."""
    page: Page = live("carol", reduced_motion="reduce", expect=("500",))
    for number in (301, 302, 303):
        site.job_finished(f"Shot {number}", for_="carol")
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator("main .carillon-row").first).to_contain_text("Shot 303")
    return page


@pytest.fixture
def refused() -> Callable[[Page], None]:
    """From now on the server takes nothing of this page."""

    def refuse(page: Page) -> None:
        fail = lambda route: route.fulfill(status=500) if route.request.method == "POST" else route.fallback()  # noqa: E731
        page.route("**/*", fail)

    return refuse


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


def test_without_scripts_the_bar_is_there_and_works(inbox, enter):
    page = enter("carol", clear=False, java_script_enabled=False)
    page.locator("main .row-check").first.check()
    page.locator(".selection-bar").get_by_role("button", name="Done").click()
    expect(page.locator("main [data-note=undo]")).to_contain_text("Done: 1")
    expect(page.locator(".badge")).to_have_text("2")


def test_a_refused_change_comes_back_and_leaves_the_undo_of_the_one_before(inbox, refused):
    """The words that say so, the row in its place, and an Undo that undoes what was done."""
    rows = inbox.locator("main .carillon-row")
    rows.first.locator(".row-title a").focus()
    inbox.keyboard.press("e")
    expect(inbox.locator(".badge")).to_have_text("2")
    for action in ("Read", "Done", "Snooze"):
        refused(inbox)
        rows.first.locator(".row-check").check(force=True)
        inbox.locator(".selection-bar").get_by_role("button", name=action).click()
        expect(inbox.locator("main [data-note=connection]")).to_contain_text("Try again")
        inbox.unroute_all()
        expect(rows.first).to_contain_text("Shot 302")
        expect(rows.first).not_to_have_attribute("data-read", "")
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator(".badge")).to_have_text("3")
    expect(rows.first).to_contain_text("Shot 303")


def test_reading_all_that_is_refused_gives_back_what_waits_behind_the_button_too(site, inbox, refused):
    inbox.goto("/notifications/?unread=1")
    wait_until_live(inbox)
    inbox.locator("main .carillon-row").first.hover()
    site.job_finished("Shot 304", for_="carol")
    expect(inbox.locator("main .feed-new")).to_contain_text("1 new")
    refused(inbox)
    inbox.get_by_role("button", name="Mark all as read").dispatch_event("click")
    expect(inbox.locator("main [data-note=connection]")).to_contain_text("Try again")
    expect(inbox.locator("main .feed-new")).to_contain_text("1 new")
    expect(inbox.locator("main .carillon-row:not([data-read])")).to_have_count(3)


def test_an_undo_that_is_refused_leaves_what_was_marked_unread_since(inbox, refused):
    rows = inbox.locator("main .carillon-row")
    inbox.get_by_role("button", name="Mark all as read").click()
    expect(inbox.locator(".badge")).to_be_hidden()
    rows.first.locator(".row-act").click()
    expect(inbox.locator(".badge")).to_have_text("1")
    refused(inbox)
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator("main [data-note=connection]")).to_contain_text("Try again")
    expect(rows.first).not_to_have_attribute("data-read", "")
    expect(rows.nth(1)).to_have_attribute("data-read", "")


def test_what_a_search_finds_stays_and_says_where_it_is(inbox):
    inbox.goto("/notifications/?q=Shot+303")
    wait_until_live(inbox)
    row = inbox.locator("main .carillon-row").first
    for action, words in (("Done", "Done"), ("Snooze", "Snoozed until")):
        row.locator(".row-check").check(force=True)
        inbox.locator(".selection-bar").get_by_role("button", name=action).click()
        expect(row.locator("[data-slot=place]")).to_contain_text(words)
        expect(row).to_contain_text("Shot 303")


def test_a_row_that_is_ticked_before_the_script_is_there_is_selected(inbox):
    late = []

    def hold(route) -> None:
        late.append(route)

    inbox.route("**/feed/feed*.js", hold)
    inbox.reload()
    inbox.locator("main .row-check").first.check(force=True)
    late[0].continue_()
    expect(inbox.locator(".selection-bar .selected")).to_have_text("1 selected")


def test_the_bar_counts_no_row_that_another_tab_has_taken_away(inbox, live):
    inbox.locator("main .row-check").first.check(force=True)
    expect(inbox.locator(".selection-bar .selected")).to_have_text("1 selected")
    other = live("carol", same_as=inbox)
    other.locator("main .row-title a").first.focus()
    other.keyboard.press("e")
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Shot 302")
    expect(inbox.locator(".selection-bar")).to_be_hidden()
