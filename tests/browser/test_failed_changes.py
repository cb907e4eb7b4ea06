"""A change that fails is taken back and said where it was made, with what to do; marks made offline are told later."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import wait_until_live
from tests.browser.fake_server import until
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.page]

PREFERENCES = "/notifications/preferences/"
# What comes in place of the answer, and the words that say what to do; None: nothing comes.
FAILURES = {
    None: "you're offline",
    401: "Sign in",
    403: "Reload it",
    409: "somebody else was faster",
    500: "Try again",
}
EXPECTED = ("ERR_FAILED", "ERR_INTERNET_DISCONNECTED", "401", "403", "409", "500")
PART = "xpath=ancestor::*[self::tr or @data-section][1]"
# Shows the part that a control is in, and whatever it is hidden by there.
REVEAL = """(control) => {
  location.hash = control.closest(".part").id;
  control.closest("details")?.setAttribute("open", "");
}"""
CONTROLS = {
    "from": "[name=scope] >> nth=1",
    "a cell": "[data-line] .check:enabled >> nth=20",
    "a column": "thead [data-all] >> nth=1",
    "a category": "tbody [data-all] >> nth=2",
    "from of one": "[name^=scope-] >> nth=3",
    "quiet hours": "[name=hours-0-days] >> nth=2",
    "digest": "#digest_enabled",
    "how often": "[name=digest_interval] >> nth=2",
    "over which": "[name=digest_channels] >> nth=0",
}


def answer_posts(page: Page, status: int | None) -> None:
    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status, body=json.dumps({"detail": "somebody else was faster"}))

    page.route("**/*", answer)


CHANGE = """(control) => {
  if (control.localName === "select") control.selectedIndex = (control.selectedIndex + 1) % control.length;
  else control.checked = !control.checked;
  control.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def change(control: Locator) -> None:
    control.evaluate(CHANGE)


def state(control: Locator) -> object:
    return control.evaluate("control => control.localName === 'select' ? control.value : control.checked")


@pytest.fixture(params=FAILURES, ids=str)
def status(request) -> int | None:
    failure: int | None = request.param
    return failure


def test_each_choice_goes_back_and_says_why_in_its_own_place(enter, status):
    page = enter("bob", PREFERENCES, expect=EXPECTED)
    answer_posts(page, status)
    for name, selector in CONTROLS.items():
        control = page.locator(selector)
        control.evaluate(REVEAL)
        before = state(control)
        change(control)
        until(page, lambda: state(control) == before)  # noqa: B023
        said = control.locator(PART).get_by_role("alert").last
        expect(said, name).to_contain_text(FAILURES[status])
        expect(said, name).to_be_in_viewport()


def test_do_not_disturb_that_fails_stays_as_it_is_and_says_why(enter, status):
    page = enter("bob", f"{PREFERENCES}#when", expect=EXPECTED)
    answer_posts(page, status)
    page.get_by_role("button", name="1 hour").click()
    expect(page.locator("[data-section=dnd]").get_by_role("alert")).to_contain_text(FAILURES[status])
    expect(page.locator("[data-words=quiet_words]")).to_have_text("Off")


def test_the_sign_in_of_an_ended_session_leads_back(enter):
    page = enter("bob", PREFERENCES, expect=EXPECTED)
    answer_posts(page, 401)
    change(page.locator(CONTROLS["a cell"]))
    link = page.locator("[data-line]").get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", "/sign-in/?next=%2Fnotifications%2Fpreferences%2F")


@pytest.fixture
def inbox(site: Site, live: Callable[..., Page]) -> Page:
    """An inbox with one unread row."""
    page = live("alice", expect=EXPECTED)
    site.job_finished("Shot 101", for_="alice")
    expect(page.locator(".badge")).to_have_text("1")
    return page


@pytest.mark.parametrize("status", [401, 403, 409, 500])
def test_a_mark_that_is_refused_goes_back_and_says_why_in_its_row(inbox, status):
    answer_posts(inbox, status)
    row = inbox.locator("main .carillon-row").first
    row.locator(".row-act").click()
    expect(row.get_by_role("alert")).to_contain_text(FAILURES[status])
    expect(row).not_to_have_attribute("data-read", "")


def test_reading_all_that_fails_goes_back_and_says_why(inbox, status):
    answer_posts(inbox, status)
    inbox.get_by_role("button", name="Mark all as read").click()
    expect(inbox.locator("main [data-note=connection]")).to_contain_text(FAILURES[status])
    expect(inbox.locator("main .carillon-row").first).not_to_have_attribute("data-read", "")


def test_undo_that_fails_goes_back_and_says_why(inbox, status):
    inbox.get_by_role("button", name="Mark all as read").click()
    expect(inbox.locator("main [data-note=undo]")).to_be_visible()
    answer_posts(inbox, status)
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator("main [data-note=connection]")).to_contain_text(FAILURES[status])
    expect(inbox.locator("main .carillon-row").first).to_have_attribute("data-read", "")


def test_marks_made_offline_are_told_once_something_gets_through(inbox):
    # Its script comes with the first that rings.
    expect(inbox.locator("#carillon-polite")).to_contain_text("Shot 101")
    inbox.context.set_offline(True)
    row = inbox.locator("main .carillon-row").first
    row.locator(".row-act").click()
    expect(row).to_have_attribute("data-read", "")
    inbox.context.set_offline(False)
    inbox.reload()
    wait_until_live(inbox)
    expect(inbox.locator(".badge")).to_be_hidden()
    expect(inbox.locator("main .carillon-row").first).to_have_attribute("data-read", "")
