"""Texts of any length and direction: two lines in every list, nothing scrolls sideways, nothing turns its sentence."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW

pytestmark = [pytest.mark.browser, pytest.mark.page]

# Found and measured in one step: a list that is drawn anew meanwhile takes a found element out of the page.
LINES = """(place) => {
  const text = document.querySelector(place);
  return Math.round(text.clientHeight / parseFloat(getComputedStyle(text).lineHeight));
}"""
MANY = "Very long 👩‍🚀 " * 30


def lines(page: Page, place: str) -> int:
    expect(page.locator(place).first).to_be_visible()
    return int(page.evaluate(LINES, place))


def test_a_title_has_two_lines_in_the_feed_the_panel_and_a_toast(page, server, seq):
    page.set_viewport_size(NARROW)
    server.ring(seq + 1, title="x" * 300, body=MANY, is_critical=True)
    for place in (".toast .title", ".toast .body", "main .carillon-row .row-title"):
        assert lines(page, place) <= 2, place
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    page.locator(".bell").click()
    assert lines(page, ".panel .row-title") <= 2
    close = page.get_by_role("button", name="Close")
    edge = close.evaluate("(button) => innerWidth - button.getBoundingClientRect().right")
    assert 0 <= edge < 20
    heading = page.get_by_role("heading", name="Notifications")
    assert abs(heading.bounding_box()["y"] - close.bounding_box()["y"]) < 30


def test_the_sentence_keeps_the_direction_of_the_page(page, server, seq):
    server.ring(seq + 1, title="مشهد was cancelled", display_title="\u2068مشهد\u2069 was cancelled")
    title = page.locator("main [data-slot=title]").first
    expect(title).to_have_text("\u2068مشهد\u2069 was cancelled")
    expect(title).to_have_css("direction", "ltr")
    assert title.evaluate("(text) => getComputedStyle(text).textAlign") == "start"


@pytest.mark.parametrize("width", [320, 360, 408, 500])
def test_a_reason_is_read_on_a_phone(page, server, seq, width):
    page.set_viewport_size({"width": width, "height": 700})
    server.ring(seq + 1, title="Shot")
    row = page.locator("main .carillon-row").first
    expect(row).to_contain_text("Shot")
    about = row.locator(".row-about")
    assert about.evaluate("(line) => line.scrollWidth <= line.clientWidth"), about.inner_text()
