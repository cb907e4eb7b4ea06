"""A critical one is acknowledged in its toast and in its row, and every tab says who is on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.fake_server import row

pytestmark = [pytest.mark.browser, pytest.mark.page]

ALARM = {"is_critical": True, "title": "Fire", "acknowledged_by": ""}


def test_its_toast_posts_it_and_goes(page, server, seq):
    page.route("**/acknowledge/", lambda route: route.fulfill(status=204))
    server.ring(seq + 1, **ALARM)
    with page.expect_request("**/acknowledge/") as posted:
        page.locator("carillon-toasts .toast").get_by_role("button", name="Acknowledge").click()
    expect(page.locator("carillon-toasts .toast:not(.leaving)")).to_have_count(0)
    assert posted.value.url.rsplit("/", 3)[1] == str(row(seq + 1)["id"])


def test_a_toast_and_a_row_stop_asking_once_somebody_is_on_it(page, server, seq):
    server.ring(seq + 1, **ALARM)
    asking = page.get_by_role("button", name="Acknowledge")
    expect(asking).to_have_count(2)
    same = {"id": row(seq + 1)["id"], "feed_seq": seq + 1}
    server.ring(seq + 2, toast=False, **ALARM | same | {"acknowledged_by": "Carol"})
    expect(page.locator(".carillon-row").first).to_contain_text("Carol is on it")
    expect(asking).to_have_count(0)
