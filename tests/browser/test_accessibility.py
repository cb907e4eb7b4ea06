"""No rule of axe is broken, on any page, in any state, in both themes; nothing needs scrolling sideways."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE

pytestmark = pytest.mark.browser

PAGES = {
    "inbox": ("admin", "/notifications/"),
    "empty": ("admin", "/notifications/?category=review&unread=1"),
    "preferences": ("admin", "/notifications/preferences/"),
    "publish": ("admin", "/events/publish/"),
    "sign-in": ("nobody", "/sign-in/"),
}
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)]


def check(page: Page) -> None:
    """As a person who asked for less motion sees it: nothing half faded in."""
    page.wait_for_load_state("load")
    found: dict[str, Any] = Axe().run(page).response
    told = [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]], rule["nodes"][0].get("failureSummary"))
        for rule in found["violations"]
    ]
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(params=LOOKS, ids=[f"{scheme}-{size['width']}" for scheme, size in LOOKS])
def look(request):
    scheme, size = request.param
    return {"color_scheme": scheme, "viewport": size, "reduced_motion": "reduce"}


@pytest.mark.parametrize("name", PAGES)
def test_every_page(enter, look, name):
    who, path = PAGES[name]
    nobody = {"storage_state": {"cookies": [], "origins": []}, "clear": False} if who == "nobody" else {}
    check(enter(who, path, **nobody, **look))


def test_a_story(stage, live, look):
    page = live("admin", **look)
    stage.publish("system.gpu_warning", host="render-02", index=0, celsius=86, threshold=85)
    page.locator(".carillon-row", has_text="GPU 0 at 86").first.wait_for()
    page.locator(".row-title a").first.click()
    expect(page.get_by_text("What happened")).to_be_visible()
    check(page)


def test_toasts_and_the_panel(stage, live, look):
    page = live("alice", **look)
    for number in range(4):
        stage.job_finished(f"Shot {number}", for_="alice")
    stage.mention("alice", text="Can you check the left edge before Monday?")
    expect(page.locator("carillon-toasts .more")).to_be_visible()
    check(page)
    stage.set("alice", dnd_enabled=True)
    page.locator(".bell").click()
    expect(page.locator(".panel .carillon-row").first).to_be_visible()
    expect(page.locator(".panel [data-note=quiet]")).to_be_visible()
    check(page)


def test_the_menu(enter, look):
    page = enter("admin", **look)
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    check(page)


def test_errors_in_a_form(enter, look):
    page = enter("admin", "/events/publish/", expect=("400",), **look)
    page.get_by_label("Payload (JSON)").fill("{")
    page.get_by_label("Actor").fill("nobody")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("There is no user nobody.")).to_be_visible()
    check(page)
