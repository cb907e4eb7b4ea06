"""Toasts: as long as it takes to read, never while somebody is at one, at most three."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ELSEWHERE, stop_clock, wait_until_live
from tests.browser.fake_server import FakeServer, until
from tests.browser.site import COME_BACK, LEAVE

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.fixture
def where():
    return ELSEWHERE


@pytest.fixture
def ringing(site, live):
    """A page whose clock stands still, with one toast that has just come."""
    page = live("alice", ELSEWHERE)
    page.mouse.move(5, 600)
    stop_clock(page)
    site.job_finished("Shot 1", for_="alice")
    until(page, lambda: page.clock.run_for(20) or page.locator(".toast").count())
    return page


OPEN_DIALOG = """() => {
  const dialog = document.createElement("dialog");
  dialog.innerHTML = "<p>Are you sure?</p><button>Yes</button>";
  document.body.append(dialog);
  dialog.showModal();
}"""


def toasts(page: Page):
    return page.locator(".toast:not(.leaving)")


def test_a_short_one_goes_after_five_seconds(ringing):
    ringing.clock.run_for(4_500)
    expect(toasts(ringing)).to_have_count(1)
    ringing.clock.run_for(700)
    expect(toasts(ringing)).to_have_count(0)


def test_a_longer_one_stays_longer(page, server, seq):
    stop_clock(page)
    server.ring(seq + 1, title="Eighty characters " + "x" * 62)
    until(page, lambda: page.clock.run_for(20) or page.locator(".toast").count())
    page.clock.run_for(5_800)
    expect(toasts(page)).to_have_count(1)
    page.clock.run_for(700)
    expect(toasts(page)).to_have_count(0)


def test_its_clock_stops_while_nobody_sees_it(ringing):
    ringing.clock.run_for(4_000)
    ringing.evaluate(LEAVE)
    ringing.clock.run_for(600_000)
    expect(toasts(ringing)).to_have_count(1)
    ringing.evaluate(COME_BACK)
    ringing.clock.run_for(500)
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
    ringing.get_by_role("button", name=re.compile("^Account")).focus()
    ringing.keyboard.press("F8")
    expect(ringing.locator(".toast .open")).to_be_focused()
    ringing.clock.run_for(60_000)
    ringing.keyboard.press("Escape")
    expect(toasts(ringing)).to_have_count(0)
    expect(ringing.get_by_role("button", name=re.compile("^Account"))).to_be_focused()


def test_dismissing_is_not_reading(ringing):
    ringing.get_by_role("button", name="Dismiss: Shot 1 finished").click()
    expect(toasts(ringing)).to_have_count(0)
    expect(ringing.locator(".badge")).to_have_text("1")


def test_a_fourth_is_counted_instead_of_shown(page, server, seq):
    for number in range(1, 5):
        server.ring(seq + number)
    expect(page.locator("carillon-toasts .more")).to_have_text("+1 more · Open inbox")
    expect(page.locator(".toast:visible")).to_have_count(3)
    expect(page.locator(".toast").first).to_contain_text(f"Shot {seq + 4} finished")


def test_five_at_once_are_one_that_counts_them(page, server, seq):
    stop_clock(page)
    for number in range(1, 7):
        server.ring(seq + number)
    server.ring(seq + 7, is_critical=True)
    until(page, lambda: page.clock.run_for(20) or toasts(page).count() == 2)
    expect(toasts(page).last.locator(".title, .body")).to_have_text(
        ["6 new notifications", f"Latest: Shot {seq + 6} finished"]
    )
    server.say(type="read", seq=seq + 8, ids=[10_000_000 + seq + 6], is_read=True, unread_count=6)
    expect(toasts(page).last.locator(".body")).to_have_text(f"Latest: Shot {seq + 5} finished")
    page.clock.run_for(2_500)
    server.ring(seq + 9)
    expect(toasts(page).first).to_contain_text(f"Shot {seq + 9} finished")


def test_a_critical_one_says_so(page, server, seq):
    server.ring(seq + 1, is_critical=True, category="system", event_type="system.restart")
    expect(page.locator(".toast .category")).to_have_text(re.compile("^CriticalSystem", re.IGNORECASE))


def test_progress_is_a_bar_that_moves_in_place_and_goes(page, server, seq):
    server.ring(seq + 1, id=7, event_type="job.progress", progress=0.4)
    bar = page.get_by_role("progressbar", name=f"Shot {seq + 1} finished")
    expect(bar).to_have_js_property("value", 0.4)
    server.ring(seq + 2, id=7, event_type="job.progress", progress=0.8)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 0.8)
    server.ring(seq + 3, id=7, event_type="job.failed", progress=None)
    expect(page.locator(".toast[data-failed] progress")).to_be_hidden()


@pytest.mark.parametrize(("chosen", "after", "left"), [("10", 9_500, 1), ("10", 10_500, 0), ("never", 90_000, 1)])
def test_the_person_may_choose_how_long_they_stay(site, live, chosen, after, left):
    page = live("alice", f"{ELSEWHERE}#browser")
    page.get_by_role("combobox", name="Toasts stay for").select_option(chosen)
    page.reload()
    expect(page.get_by_role("combobox", name="Toasts stay for")).to_have_value(chosen)
    wait_until_live(page)
    page.mouse.move(5, 600)
    stop_clock(page)
    site.job_finished("Shot 10", for_="alice")
    until(page, lambda: page.clock.run_for(20) or page.locator(".toast").count())
    page.clock.run_for(after)
    expect(toasts(page)).to_have_count(left)


def test_what_arrives_under_a_pointer_waits_unless_it_is_critical(page, server, seq):
    server.ring(seq + 1)
    page.locator(".toast .title").hover()
    server.ring(seq + 2)
    server.ring(seq + 3, is_critical=True)
    expect(page.locator(".toast .title")).to_have_text([f"Shot {seq + 3} finished", f"Shot {seq + 1} finished"])
    page.mouse.move(5, 600)
    expect(page.locator(".toast").first).to_contain_text(f"Shot {seq + 2} finished")


def test_three_newer_ones_never_cover_a_critical_one(page, server, seq):
    server.ring(seq + 1, is_critical=True)
    for number in range(2, 6):
        server.ring(seq + number)
    expect(page.locator(".toast:visible")).to_have_count(3)
    expect(page.locator(".toast:visible").last).to_contain_text(f"Shot {seq + 1} finished")


def test_progress_restarts_no_clock_and_an_end_does_once(page, server, seq):
    stop_clock(page)
    server.ring(seq + 1, id=7, event_type="job.progress", title="40 %")
    until(page, lambda: page.clock.run_for(20) or page.locator(".toast").count())
    page.clock.run_for(3_000)
    server.ring(seq + 2, id=7, event_type="job.completed", title="Done")
    expect(page.locator(".toast")).to_contain_text("Done")
    page.clock.run_for(4_000)
    server.ring(seq + 3, id=7, event_type="job.completed", title="Done again")
    expect(page.locator(".toast")).to_contain_text("Done again")
    page.clock.run_for(1_300)
    expect(toasts(page)).to_have_count(0)


SWIPE = """(toast, [type, far]) => {
  const at = toast.getBoundingClientRect();
  const say = (name, x) => toast.dispatchEvent(new PointerEvent(name, {
    bubbles: true, pointerId: 5, pointerType: type, isPrimary: true, clientX: at.x + 40 + x, clientY: at.y + 20 }));
  say("pointerdown", 0); say("pointermove", far / 2); say("pointermove", far); say("pointerup", far);
}"""


@pytest.mark.parametrize(("kind", "far", "left"), [("touch", 60, 0), ("touch", -60, 1), ("mouse", 60, 1)])
def test_a_finger_swipes_it_to_the_edge_and_a_mouse_selects(page, server, seq, kind, far, left):
    server.ring(seq + 1)
    page.locator(".toast").evaluate(SWIPE, [kind, far])
    expect(toasts(page)).to_have_count(left)


def test_over_a_modal_dialog_it_can_be_used_and_escape_closes_it_alone(page, server, seq):
    page.evaluate(OPEN_DIALOG)
    server.ring(seq + 1)
    page.get_by_role("button", name=f"Dismiss: Shot {seq + 1} finished").click()
    expect(toasts(page)).to_have_count(0)
    server.ring(seq + 2)
    expect(page.locator("dialog #carillon-polite")).to_contain_text(f"Shot {seq + 2} finished")
    # It waits while the pointer is still over the one that leaves.
    expect(toasts(page)).to_have_count(1)
    page.keyboard.press("F8")
    expect(page.locator(".toast .open")).to_be_focused()
    page.keyboard.press("Escape")
    expect(toasts(page)).to_have_count(0)
    expect(page.locator("dialog")).to_be_visible()


@pytest.mark.parametrize("end", ["close", "remove"])
def test_a_dialog_that_goes_leaves_the_toasts_behind(page, server, seq, end):
    server.ring(seq + 1)
    expect(page.locator(".toast")).to_be_visible()
    page.evaluate(OPEN_DIALOG)
    expect(page.locator("dialog > carillon-toasts .toast")).to_be_visible()
    page.evaluate("(end) => document.querySelector('dialog')[end]()", end)
    expect(page.locator("body > carillon-toasts .toast")).to_be_visible()
    server.ring(seq + 2)
    expect(page.locator("body > #carillon-polite")).to_contain_text(f"Shot {seq + 2} finished")
    expect(page.locator(".toast:visible")).to_have_count(2)


def test_an_open_panel_has_the_row_instead(site, live):
    page = live("alice", "/notifications/preferences/")
    page.locator(".bell").click()
    expect(page.locator(".panel carillon-feed")).to_be_visible()
    site.job_finished("Shot 6", for_="alice")
    expect(page.locator(".panel .carillon-row").first).to_contain_text("Shot 6 finished")
    expect(page.locator("#carillon-polite")).to_contain_text("Shot 6 finished")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_tab_that_comes_to_the_front_sums_up_what_it_missed(site, live):
    page = live("alice", ELSEWHERE)
    page.evaluate(LEAVE)
    for number in range(1, 4):
        site.job_finished(f"Shot {number}", for_="alice")
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator(".toast")).to_have_count(0)
    page.evaluate(COME_BACK)
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("3 new notifications while you were away")


def test_a_page_can_take_a_toast_over(site, live):
    page = live("alice", ELSEWHERE)
    page.evaluate("document.addEventListener('carillon:notification', (event) => event.preventDefault())")
    site.job_finished("Shot 7", for_="alice")
    expect(page.locator(".badge")).to_have_text("1")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_toast_whose_script_is_cut_off_keeps_no_later_one_away(enter):
    page = enter("bob", "", expect=("ERR_FAILED",))
    server = FakeServer(page.context)
    page.route("**/toast_list.js", lambda route: route.abort(), times=1)
    page.goto(ELSEWHERE)
    until(page, lambda: server.sockets)
    seq = int(page.locator("body").get_attribute("data-seq") or "")
    server.hello(seq)
    with page.expect_event("requestfailed"):
        server.ring(seq + 1)
    expect(page.locator(".badge")).to_have_text("1")
    server.ring(seq + 2, unread_count=2)
    expect(page.locator(".toast")).to_contain_text(f"Shot {seq + 2} finished")
