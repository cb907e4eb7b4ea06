"""Toasts: as long as it takes to read, never while somebody is at one, at most three."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def ringing(stage, live):
    """A page whose clock stands still, with one toast that has just come."""
    page = live("alice")
    page.mouse.move(5, 600)
    page.clock.install()
    stage.job_finished("Shot 1", for_="alice")
    expect(page.locator(".toast")).to_be_visible()
    return page


def toasts(page: Page):
    return page.locator(".toast:not(.leaving)")


def test_a_short_one_goes_after_five_seconds(ringing):
    ringing.clock.run_for(4_500)
    expect(toasts(ringing)).to_have_count(1)
    ringing.clock.run_for(700)
    expect(toasts(ringing)).to_have_count(0)


def test_its_clock_stops_under_the_pointer(ringing):
    ringing.clock.run_for(4_000)
    ringing.locator(".toast").hover()
    ringing.clock.run_for(60_000)
    expect(toasts(ringing)).to_have_count(1)
    ringing.mouse.move(5, 600)
    ringing.clock.run_for(1_300)
    expect(toasts(ringing)).to_have_count(0)


def test_its_clock_stops_while_it_has_the_focus_and_escape_dismisses_it(ringing):
    ringing.get_by_role("button", name="Mark all as read").focus()
    ringing.keyboard.press("F8")
    expect(ringing.locator(".toast .title a")).to_be_focused()
    ringing.clock.run_for(60_000)
    ringing.keyboard.press("Escape")
    expect(toasts(ringing)).to_have_count(0)
    expect(ringing.get_by_role("button", name="Mark all as read")).to_be_focused()


def test_dismissing_is_not_reading(ringing):
    ringing.get_by_role("button", name="Dismiss: Shot 1 finished").click()
    expect(toasts(ringing)).to_have_count(0)
    expect(ringing.locator(".badge")).to_have_text("1")


def test_a_fourth_is_counted_instead_of_shown(stage, live):
    page = live("alice")
    for number in range(1, 6):
        stage.job_finished(f"Shot {number}", for_="alice")
    expect(page.locator("carillon-toasts .more")).to_have_text("+2 more · Open inbox")
    expect(page.locator(".toast:visible")).to_have_count(3)
    expect(page.locator(".toast").first).to_contain_text("Shot 5 finished")


def test_an_open_panel_has_the_row_instead(stage, live):
    page = live("alice", "/notifications/preferences/")
    page.locator(".bell").click()
    expect(page.locator(".panel carillon-feed")).to_be_visible()
    stage.job_finished("Shot 6", for_="alice")
    expect(page.locator(".panel .carillon-row").first).to_contain_text("Shot 6 finished")
    expect(page.locator("#carillon-polite")).to_contain_text("Shot 6 finished")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_tab_that_comes_to_the_front_sums_up_what_it_missed(stage, live):
    page = live("alice")
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => window.away})")
    page.evaluate("window.away = true")
    for number in range(1, 4):
        stage.job_finished(f"Shot {number}", for_="alice")
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator(".toast")).to_have_count(0)
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("3 new notifications while you were away")


def test_a_page_can_take_a_toast_over(stage, live):
    page = live("alice")
    page.evaluate("document.addEventListener('carillon:notification', (event) => event.preventDefault())")
    stage.job_finished("Shot 7", for_="alice")
    expect(page.locator(".badge")).to_have_text("1")
    expect(page.locator(".toast")).to_have_count(0)
