"""Follow and mute wherever they are offered: in a row's menu, on an entity's page, in every tab."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE, wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]
LISTS = "/notifications/preferences/"


@pytest.fixture
def inbox(site, live) -> Page:
    page: Page = live("carol", reduced_motion="reduce")
    site.job_finished("Shot 801", for_="carol")
    expect(page.locator(".badge")).to_have_text("1")
    return page


def open_menu(page: Page) -> None:
    wait_until_live(page)
    row = page.locator("main .carillon-row").first
    row.hover()
    row.get_by_title("More").click()
    expect(page.locator(".row-actions carillon-follow form").last).to_be_visible()


def about(page: Page) -> str:
    """Address of the page of what the newest row is about."""
    page.goto(str(page.locator("main .row-opens").nth(1).get_attribute("href")).partition("#")[0])
    return str(page.locator("table.facts a").first.get_attribute("href"))


def test_the_menu_of_a_row_mutes_what_it_is_about_and_unmutes_it(inbox):
    open_menu(inbox)
    inbox.locator("summary", has_text="Mute Shot 801").click()
    inbox.get_by_role("button", name="For good").click()
    expect(inbox.get_by_text("Muted.")).to_be_visible()
    expect(inbox.locator("main .carillon-row").first).to_contain_text("Shot 801")
    open_menu(inbox)
    inbox.get_by_role("button", name="Unmute Shot 801").click()
    expect(inbox.get_by_text("Unmuted.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_of_an_entity_mutes_until_tomorrow_and_the_list_ends_it(inbox, enter, scripts):
    page = enter("carol", about(inbox), clear=False, java_script_enabled=scripts)
    page.locator("summary", has_text="Mute Shot 801").click()
    page.get_by_role("button", name="Until tomorrow, 08:00").click()
    expect(page.get_by_role("button", name="Unmute Shot 801")).to_be_visible()
    page.goto(f"{LISTS}#muted")
    expect(page.locator("#muted")).to_contain_text("Muted until")
    page.locator("#muted").get_by_role("button", name="Unmute").click()
    expect(page.locator("#muted")).to_contain_text("You mute nothing.")


def test_two_tabs_that_mute_and_unmute_end_alike(inbox, enter):
    address = about(inbox)
    first = enter("carol", address, clear=False)
    first.locator("summary", has_text="Mute Shot 801").click()
    second = enter("carol", address, same_as=first)
    second.locator("summary", has_text="Mute Shot 801").click()
    for tab, choice in ((first, "1 hour"), (second, "For good")):
        tab.get_by_role("button", name=choice).click()
        expect(tab.get_by_role("button", name="Unmute Shot 801")).to_be_visible()
    for tab in (first, second):
        tab.get_by_role("button", name="Unmute Shot 801").click()
        expect(tab.locator("summary", has_text="Mute Shot 801")).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_no_rule_of_axe_is_broken_where_it_is_open(inbox, enter, scheme, size):
    page = enter("carol", about(inbox), clear=False, color_scheme=scheme, viewport=size)
    page.locator("summary", has_text="Mute Shot 801").click()
    assert violations(page) == []
