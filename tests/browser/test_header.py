"""The bar of every page at every width: bell and account in sight, nothing sideways, a way to every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW

pytestmark = [pytest.mark.browser, pytest.mark.page]
# A page in a frame is as wide as its frame, media queries and all: a thousand widths in a moment.
MEASURE = """() => {
  const frame = document.querySelector("iframe"), page = frame.contentDocument, wrong = [];
  const end = (name) => page.querySelector(name).getBoundingClientRect().right;
  for (let width = 320; width <= 1440; width++) {
    frame.style.width = `${width}px`;
    const pages = page.querySelector(".pages");
    if (page.documentElement.scrollWidth > width) wrong.push(`${width}: scrolls sideways`);
    if (Math.max(...[".bell", ".badge", ".avatar"].map(end)) > width - 8) wrong.push(`${width}: bell or account cut`);
    if (pages.scrollWidth > pages.clientWidth) wrong.push(`${width}: an entry is cut`);
    if (!(pages.clientWidth || end(".menu-button"))) wrong.push(`${width}: no way on`);
    if (page.querySelector(".bar").offsetHeight !== 56) wrong.push(`${width}: the bar is higher`);
  }
  return wrong;
}"""


@pytest.mark.parametrize("who", ["admin", "alice"])
def test_at_every_width_everything_is_in_sight(enter, who):
    page = enter(who, "")
    html = '<!doctype html><iframe src="/catalogue/" height="700"></iframe>'
    page.route("**/frame/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("/frame/")
    badge = page.frames[1].locator(".badge")
    badge.evaluate("(badge) => Object.assign(badge, { textContent: '99+', hidden: false })")
    assert page.evaluate(MEASURE) == []


def test_a_phone_s_menu_leads_to_every_page(enter):
    page = enter("admin", "/catalogue/", viewport=NARROW)
    page.get_by_role("button", name="Menu").click()
    menu = page.locator("#pages-menu")
    expect(menu.get_by_role("link", name="Catalogue")).to_have_attribute("aria-current", "page")
    menu.get_by_role("link", name="Publish").click()
    expect(page.get_by_role("heading", name="Publish")).to_be_visible()


def test_a_password_can_be_looked_at(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state={"cookies": [], "origins": []})
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
