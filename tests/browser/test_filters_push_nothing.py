"""Numbers on the filters come, grow and go, and move no filter."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import COUNT_SHIFTS, NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def counts(page: Page, request) -> dict[str, int]:
    """What the server says, by category."""
    said = {"job": 0, "review": 9, "system": 99}
    page.set_viewport_size(request.param)
    page.add_init_script(COUNT_SHIFTS)

    def answer(route: Route) -> None:
        route.fulfill(json={"unread_count": sum(said.values()), "by_category": said})

    page.route("**/notifications/counts/", answer)
    return said


def tell(page: Page, server, seq: int, counts: dict[str, int]) -> None:
    server.say(type="read", seq=seq, unread_count=sum(counts.values()), ids=[1], is_read=False)
    for category, count in counts.items():
        shown = page.locator(f"main .count[data-count={category}]")
        expect(shown).to_have_text(str(count))
    page.wait_for_timeout(100)


def test_numbers_that_come_grow_and_go_move_no_filter(counts, page, server, seq):
    tell(page, server, seq + 1, counts)
    counts |= {"job": 1, "review": 10, "system": 100}
    tell(page, server, seq + 2, counts)
    counts |= {"job": 0, "review": 9, "system": 99}
    tell(page, server, seq + 3, counts)
    assert page.evaluate("() => window.shifts") == []
