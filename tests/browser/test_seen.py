"""What a tab in sight shows is said to be seen; what one in the background gets is not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.site import COME_BACK, LEAVE

pytestmark = [pytest.mark.browser, pytest.mark.page]
INBOX = "/notifications/"


def says_seen(request: Request) -> bool:
    return request.url.endswith("/notifications/seen/")


def test_a_row_in_sight_is_seen(site, live):
    page: Page = live("alice", INBOX)
    with page.expect_request(says_seen):
        site.job_finished("Shot 1", for_="alice")


def test_what_comes_to_a_tab_in_the_background_is_seen_once_somebody_is_back(site, live):
    page: Page = live("alice", INBOX)
    page.evaluate(LEAVE)
    site.job_finished("Shot 1", for_="alice")
    expect(page.locator("carillon-feed").get_by_text("Shot 1").first).to_be_attached()
    with page.expect_request(says_seen):
        page.evaluate(COME_BACK)
