"""Back leads to where one was: the same row at the same height among as many rows, with the browser's cache of pages
and without; and to nothing of somebody who has signed out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import sign_in, wait_until_live
from tests.browser.fake_server import until

pytestmark = pytest.mark.browser
# A page and the five older ones that come by themselves; with the read rows there are more, whatever was told before.
BY_THEMSELVES = 120
READ = 40
MANY = 90
# As a person's browser is, unlike Playwright's own.
CACHES = {"kept": ["--disable-back-forward-cache"], "loaded anew": []}


@pytest.fixture(scope="module", params=CACHES)
def browser(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or "/usr/bin/chromium",
        args=[*ARGUMENTS, "--enable-features=BackForwardCache"],
        ignore_default_args=CACHES[request.param],
    )
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def many(site) -> None:
    for count in (READ, MANY):
        site.clear("carol")
        site.publish_many("collab.mention", count, mentioned_user_ids=[site.people["carol"]], title="Shot 041")
        site.wait_for_unread("carol", count)


def place(page: Page) -> dict[str, Any]:
    """What is on the page, and where."""
    found: dict[str, Any] = page.evaluate("""() => {
      const rows = [...document.querySelectorAll("main .carillon-row")];
      const row = rows.find((row) => row.dataset.id === sessionStorage.opened);
      const top = Math.round(row?.getBoundingClientRect().top);
      return { rows: rows.length, top, isRead: row?.hasAttribute("data-read") };
    }""")
    return found


def is_same(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Tell if as many rows are there, and the one that was opened is read and where it was, but for half pixels."""
    is_there = now["rows"] == before["rows"] and now["isRead"] and now["top"] is not None
    return bool(is_there and abs(now["top"] - before["top"]) <= 2)


def test_back_leads_to_the_row_that_was_opened(many, live, request):
    page = live("carol", clear=False)
    rows = page.locator("main .carillon-row")
    # As far as rows come by themselves: none is on its way while the page is left.
    until(page, lambda: page.mouse.wheel(0, 4_000) or rows.count() == BY_THEMSELVES)
    row = rows.nth(70)
    row.scroll_into_view_if_needed()
    page.evaluate("(id) => { sessionStorage.opened = id; }", row.get_attribute("data-id"))
    page.evaluate("window.wasHere = true")
    before = place(page)
    row.locator(".row-title a").click()
    page.wait_for_url("**/notifications/*/")
    page.go_back(wait_until="commit")
    wait_until_live(page)
    until(page, lambda: is_same(place(page), before))
    expect(page.locator(".badge")).to_have_text(str(MANY - 1))
    assert page.evaluate("window.wasHere ?? false") == ("kept" in request.node.name)


def test_back_shows_nothing_of_somebody_who_has_signed_out(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state={"cookies": [], "origins": []})
    sign_in(page, "bob")
    wait_until_live(page)
    page.goto("/catalogue/")
    wait_until_live(page)
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    for _ in ("the catalogue", "the inbox"):
        page.evaluate("history.back()")
        expect(page.get_by_label("User name")).to_be_visible()
        expect(page.locator(".carillon-row, .catalogue")).to_have_count(0)
