"""Triage of more rows than one request takes: none is dropped in silence, and Undo brings back all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_live
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.page]

MANY = 120
MOST = 250


@pytest.fixture
def many() -> int:
    return MANY


@pytest.fixture
def crowd(site: Site, live, many) -> Page:
    """Many unread ones, all on the page."""
    page: Page = live("carol", reduced_motion="reduce")
    site.publish_many("collab.mention", many, mentioned_user_ids=[site.people["carol"]], title="Shot 041")
    site.wait_for_unread("carol", many)
    page.goto("/notifications/?unread=1")
    return show_all(page, many)


LOAD = """(many) => {
  document.querySelector("main .feed-more a")?.click();
  return document.querySelectorAll("main .row-check").length >= many;
}"""


def show_all(page: Page, many: int = MANY) -> Page:
    """Load older ones until all are there. Before the feed is at work its link would lead to another page."""
    wait_until_live(page)
    page.wait_for_function("() => !!customElements.get('carillon-feed')")
    page.wait_for_function(LOAD, arg=many, polling=100)
    return page


def select_all(page: Page, many: int = MANY) -> None:
    boxes = page.locator("main .row-check")
    boxes.first.dispatch_event("click")
    boxes.nth(many - 1).dispatch_event("click", {"shiftKey": True})
    expect(page.locator(".selected")).to_have_text(f"{many} selected")


def press(page: Page, name: str) -> None:
    page.locator(".selection-bar").get_by_role("button", name=name).click()


@pytest.mark.parametrize("action", ["Read", "Done", "Snooze"])
def test_all_of_them_go_and_undo_brings_all_back(crowd, action):
    select_all(crowd)
    press(crowd, action)
    expect(crowd.locator(".badge")).to_be_hidden()
    crowd.get_by_role("button", name="Undo").click()
    expect(crowd.locator(".badge")).to_have_text("99+")
    crowd.wait_for_load_state("networkidle")
    crowd.goto("/notifications/?unread=1")
    show_all(crowd)


@pytest.mark.parametrize(("action", "state"), [("Done", "Done"), ("Snooze", "Snoozed")])
def test_all_of_them_come_back_into_the_inbox(crowd, action, state):
    select_all(crowd)
    press(crowd, action)
    expect(crowd.locator(".badge")).to_be_hidden()
    crowd.goto(f"/notifications/?state={state.lower()}")
    show_all(crowd)
    select_all(crowd)
    press(crowd, "Back to inbox")
    expect(crowd.locator(".selected")).to_be_empty()
    crowd.wait_for_load_state("networkidle")
    crowd.goto("/notifications/")
    expect(show_all(crowd).locator("main .carillon-row").first).to_contain_text("Shot 041")


# As a person does who presses and closes the tab: nothing has been answered yet.
PRESS_AND_LEAVE = """() => {
  document.querySelector(".selection-bar [value=done]").click();
  location.assign("/notifications/preferences/");
}"""


@pytest.mark.parametrize("many", [MOST])
def test_all_of_them_go_also_where_the_page_is_left_at_once(crowd, site, many):
    select_all(crowd, many)
    crowd.evaluate(PRESS_AND_LEAVE)
    crowd.wait_for_url("**/preferences/")
    site.wait_for_unread("carol", 0)
    crowd.goto("/notifications/?unread=1")
    expect(crowd.locator("main .carillon-row")).to_have_count(0)


# Attributes of rows that are written to.
COUNT_WRITES = """() => {
  window.writes = 0;
  new MutationObserver((records) => (window.writes += records.length)).observe(
    document.querySelector("main .feed-rows"), { subtree: true, attributes: true, attributeFilter: ["aria-posinset"] });
}"""


def test_rows_that_stay_are_numbered_once(crowd):
    boxes = crowd.locator("main .row-check")
    boxes.nth(1).dispatch_event("click")
    boxes.nth(MANY - 1).dispatch_event("click", {"shiftKey": True})
    crowd.evaluate(COUNT_WRITES)
    press(crowd, "Done")
    row = crowd.locator("main .carillon-row")
    expect(row).to_have_count(1)
    expect(row).to_have_attribute("aria-posinset", "1")
    assert crowd.evaluate("window.writes") <= 1


def test_less_motion_is_none_while_all_are_read(crowd):
    crowd.get_by_role("button", name="Mark all as read").click()
    expect(crowd.locator("main .carillon-row[data-read]")).to_have_count(MANY)
    assert crowd.evaluate("document.getAnimations().length") == 0


def test_what_has_been_read_is_no_longer_called_unread(crowd):
    link = crowd.locator("main .row-title a").first
    expect(link).to_have_accessible_name(re.compile("^Unread. .*Shot 041"))
    crowd.get_by_role("button", name="Mark all as read").click()
    expect(link).to_have_accessible_name(re.compile("^(?!Unread)"))
