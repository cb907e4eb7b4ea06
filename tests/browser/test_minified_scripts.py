"""Minified scripts, as production serves them, do what they do otherwise."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from config.static_files import minify
from tests.browser.conftest import Enter, wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]


def minify_scripts(context: BrowserContext) -> set[str]:
    """Names of the scripts that were served minified; it fills while pages load."""
    served: set[str] = set()

    def serve(route: Route) -> None:
        response = route.fetch()
        served.add(route.request.url.rpartition("/")[2])
        route.fulfill(response=response, body=minify(response.text()))

    context.route("**/static/carillon/**/*.js", serve)
    return served


@pytest.fixture
def page(enter: Enter) -> Page:
    return enter("alice", "")


def test_a_toast_rings_and_the_panel_shows_it(page, site):
    served = minify_scripts(page.context)
    page.goto("/catalogue/")
    wait_until_live(page)
    site.job_finished("Shot 088", for_="alice")
    expect(page.locator("carillon-toasts .toast")).to_contain_text("Shot 088 finished")
    page.locator("carillon-bell .bell").click()
    expect(page.locator(".panel .carillon-row").first).to_contain_text("Shot 088 finished")
    page.locator(".panel .row-title a").first.focus()
    page.keyboard.press("u")
    expect(page.locator(".badge")).to_be_hidden()
    assert {"carillon.js", "toasts.js", "feed.js"} < served


def test_preferences_save_themselves(page):
    minify_scripts(page.context)
    page.goto("/notifications/preferences/")
    page.locator('[id="type-job.failed"]').get_by_role("checkbox", name="E-mail").click()
    expect(page.locator("#preferences-status")).to_have_text("Saved")
