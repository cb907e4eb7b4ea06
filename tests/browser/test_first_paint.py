"""What the server sends is already right; scripts move nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COUNT_SHIFTS, NARROW, WIDE, wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]


def test_the_badge_is_in_the_page_itself(site, enter):
    page = enter("alice", "")
    site.job_finished("Shot 301", for_="alice")
    site.wait_for_unread("alice", 1)
    html = page.request.get("/notifications/preferences/").text()
    assert re.search(r'<span class="badge" aria-hidden="true">1</span>', html)
    assert re.search(r'<body data-user="\d+" data-seq="\d+" data-unread="1">', html)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", ["/notifications/", "/notifications/preferences/", "/events/publish/"])
def test_nothing_moves_while_the_page_comes_alive(enter, path, size):
    page = enter("admin", "", viewport=size)
    page.context.add_init_script(COUNT_SHIFTS)
    page.goto(path)
    wait_until_live(page)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.shifts") == []


def test_the_favicon_shows_that_something_is_unread(site, enter):
    page = enter("alice")
    favicon = page.locator("link[rel=icon]")
    expect(favicon).to_have_attribute("href", re.compile(r"favicon[^-]*\.svg$"))
    site.job_finished("Shot 302", for_="alice")
    expect(favicon).to_have_attribute("href", re.compile(r"favicon-unread.*\.svg$"))


def test_times_become_relative(site, enter):
    page = enter("alice")
    site.job_finished("Shot 303", for_="alice")
    expect(page.locator("main .row-time").first).to_have_text("just now")
