"""Pulse follows the log while somebody looks at it, and stands still when it is paused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import NARROW

pytestmark = [pytest.mark.browser, pytest.mark.page]


def test_it_fits_a_narrow_page(enter):
    page = enter("admin", "/pulse/", color_scheme="dark", viewport=NARROW)
    assert axe.violations(page) == []


def test_events_come_in_as_they_happen_until_it_is_paused(site, live):
    page = live("admin", "/pulse/")
    site.job_finished("Shot 801", for_="alice")
    expect(page.locator("carillon-pulse")).to_contain_text("Shot 801 finished")
    assert axe.violations(page) == []
    page.locator("[data-pause]").click()
    site.job_finished("Shot 802", for_="alice")
    page.wait_for_timeout(3_000)
    expect(page.locator("carillon-pulse")).not_to_contain_text("Shot 802")
