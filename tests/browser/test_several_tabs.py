"""What is read in one tab is read in all."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def tabs(stage, live):
    """Two tabs of one browser with one unread notification."""
    first = live("alice")
    second = live("alice", same_as=first)
    stage.job_finished("Shot 101", for_="alice")
    expect(first.locator(".badge")).to_have_text("1")
    expect(second.locator(".badge")).to_have_text("1")
    return first, second


def test_reading_a_row_clears_it_in_the_other_tab(tabs):
    first, second = tabs
    first.locator(".carillon-row").first.get_by_role("button", name="Mark as read").click()
    expect(second.locator(".badge")).to_be_hidden()
    expect(second.locator(".carillon-row").first).to_have_attribute("data-read", "")


def test_following_a_row_clears_it_in_the_other_tab_with_its_toast(tabs):
    first, second = tabs
    first.locator(".carillon-row .row-title a").first.click()
    expect(first.get_by_role("heading", name="Shot 101 finished")).to_be_visible()
    expect(second.locator(".badge")).to_be_hidden()
    expect(second.locator(".toast")).to_have_count(0)


def test_marking_all_clears_the_other_tab_and_undo_brings_it_back(tabs):
    first, second = tabs
    first.get_by_role("button", name="Mark all as read").click()
    expect(second).to_have_title("Inbox · Carillon")
    first.get_by_role("button", name="Undo").click()
    expect(second).to_have_title("(1) Inbox · Carillon")
