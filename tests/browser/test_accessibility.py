"""No rule of axe is broken, on any page, in any state, in both themes; nothing needs scrolling sideways."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import ELSEWHERE, NARROW, WIDE
from tests.delivery.factories.emails import event, outgoing, part, summary

pytestmark = [pytest.mark.browser, pytest.mark.page]

ALICE = [
    "/notifications/",
    "/notifications/?category=system&unread=1",
    "/notifications/preferences/",
    "/notifications/why-not/?about=job:42",
    "/projects/1/defaults/",
    "/password/",
    "/deliveries/",
    "/deliveries/?state=held",
    "/channels/",
    "/channels/add/?kind=webhook",
    "/catalogue/",
    "/notifications/preferences/#when",
    "/notifications/preferences/#where",
    "/notifications/preferences/#browser",
]
ERRORS = ["400", "403", "403_csrf", "404", "500"]
LOOKS = [("light", WIDE), ("dark", NARROW)]
NOBODY: dict[str, Any] = {"storage_state": {"cookies": [], "origins": []}, "clear": False}


def show(page: Page, path: str, html: str) -> None:
    """A page that the server wouldn't show as it runs here."""
    page.route(f"**{path}", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(path)


@pytest.fixture(params=LOOKS, ids=[scheme for scheme, _ in LOOKS])
def look(request):
    """As a person who asked for less motion sees it: nothing half faded in."""
    scheme, size = request.param
    return {"color_scheme": scheme, "viewport": size, "reduced_motion": "reduce"}


@pytest.mark.parametrize("button", ["^Follow ", "^Following .*: stop following$"])
def test_what_a_form_says_afterwards(enter, look, button):
    page = enter("admin", "/entities/job/42/", **look)
    page.get_by_role("button", name=re.compile(button)).click()
    expect(page.locator(".messages")).to_be_visible()
    assert violations(page) == []


def test_every_page_of_a_person(site, enter, look):
    page = enter("alice", "", clear=False, **look)
    site.mention("alice", text="A very long text " * 12 + "x" * 80)
    found = []
    for path in ALICE:
        page.goto(path)
        for summary_ in page.locator("main summary:visible").all():
            summary_.click()
        found += violations(page)
    for path in ("/channels/", "/notifications/"):
        page.goto(path)
        page.locator(".delivery-title a, .row-title a").first.click()
        found += violations(page)
    assert found == []


def test_every_page_of_nobody(site, enter, look):
    page = enter("nobody", "/sign-in/", **NOBODY, **look)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    found = violations(page)
    page.goto("/unsubscribe/" + site.unsubscribe_link.split("/unsubscribe/")[1])
    found += violations(page)
    for name in ERRORS:
        show(page, f"/{name}/", render_to_string(f"{name}.html"))
        found += violations(page)
    assert found == []


def test_the_mails(enter, look):
    page = enter("nobody", "/sign-in/", **NOBODY, **look)
    found = []
    for number, mail in enumerate([outgoing(event()), summary(3)]):
        show(page, f"/mail/{number}/", part(mail, "html"))
        found += violations(page, within="table.page")
    assert found == []


def test_the_pages_of_staff(site, enter, look):
    page = enter("admin", "/events/publish/", expect=("400",), **look)
    found = violations(page)
    page.get_by_label("Payload (JSON)").fill("{")
    page.get_by_label("Actor").fill("nobody")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("There is no user nobody.")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    found += violations(page)
    page.goto("/admin/carillon_delivery/delivery/explain/1/")
    expect(page.locator(".explain table")).to_be_visible()
    assert found + violations(page, within="#content-main") == []


def test_toasts_and_the_panel(site, live, look):
    page = live("alice", ELSEWHERE, **look)
    for number in range(3):
        site.job_finished(f"Shot {number}", for_="alice")
    site.mention("alice", text="Can you check the left edge before Monday?")
    expect(page.locator("carillon-toasts .more")).to_be_visible()
    assert page.locator(".toast").first.evaluate("(toast) => getComputedStyle(toast).animationDuration") == "0.001s"
    found = violations(page)
    site.set("alice", dnd_enabled=True)
    page.locator(".bell").click()
    expect(page.locator(".panel .carillon-row").first).to_be_visible()
    expect(page.locator(".panel [data-note=quiet]")).to_be_visible()
    assert found + violations(page) == []


def test_what_is_read_from_right_to_left_and_in_forced_colours(site, enter):
    """No translation ships: the page is turned around as one into Arabic would be."""
    page = enter("alice", "", forced_colors="active", viewport=NARROW, reduced_motion="reduce", clear=False)
    found = []
    for path in ALICE[:4]:
        page.goto(path)
        page.evaluate("Object.assign(document.documentElement, { dir: 'rtl', lang: 'ar' })")
        found += violations(page)
    assert found == []


def test_the_pages_of_destinations(enter, look):
    page = enter("admin", "/destinations/", expect=("400",), **look)
    page.get_by_text("Add a destination").click()
    found = violations(page)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#refused")).to_be_visible()
    found += violations(page)
    page.get_by_label("URL").fill(f"https://93.184.215.14/{look['color_scheme']}")
    page.get_by_label("Label").fill("#renders " + "x" * 80)
    page.get_by_label("Event types").fill("job.* review.*")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="The signing secret")).to_be_visible()
    found += violations(page)
    page.goto("/destinations/")
    assert found + violations(page) == []
    page.get_by_role("link", name="#renders").first.click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
