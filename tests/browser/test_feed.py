"""The feed: older rows come by themselves, newer ones never push, marking all can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.browser.conftest import COUNT_SHIFTS, wait_until_live
from tests.browser.fake_server import FakeServer, until

pytestmark = pytest.mark.browser
MANY = 130


@pytest.fixture(scope="module")
def long_feed(site):
    """Carol has been mentioned more often than fits on a page, or in a badge."""
    site.clear("carol")
    site.publish_many("collab.mention", MANY, mentioned_user_ids=[site.people["carol"]], title="Shot 041")
    site.wait_for_unread("carol", MANY)


def test_older_rows_come_by_themselves_each_once_until_the_link_asks(long_feed, live):
    page = live("carol", clear=False)
    rows = page.locator("main .carillon-row")
    until(page, lambda: page.mouse.wheel(0, 4_000) or rows.count() >= 120)
    expect(rows).to_have_count(120)
    page.get_by_role("link", name="Load older").click()
    expect(page.get_by_text("You've reached the end.")).to_be_visible()
    ids = rows.evaluate_all("(rows) => rows.map((row) => row.dataset.id)")
    assert len(ids) == len(set(ids)) >= MANY


@pytest.mark.parametrize("top", [100, 3_000])
def test_nothing_moves_where_rows_and_a_toast_come_while_one_reads_further_down(long_feed, enter, top):
    page = enter("carol", "", clear=False)
    server = FakeServer(page.context)
    page.context.add_init_script(COUNT_SHIFTS)
    page.goto("/notifications/")
    seq = int(page.locator("body").get_attribute("data-seq") or "")
    until(page, lambda: server.sockets)
    server.hello(seq, unread_count=MANY)
    wait_until_live(page)
    page.mouse.move(5, 600)
    page.evaluate("(top) => scrollTo(0, top)", top)
    page.wait_for_timeout(700)
    page.evaluate("window.shifts.length = 0")
    server.ring(seq + 1, unread_count=MANY + 1)
    server.ring(seq + 2, unread_count=MANY + 2, toast=False)
    expect(page.get_by_role("button", name="2 new")).to_be_visible()
    expect(page.locator("carillon-toasts .toast")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.shifts") == []


def test_the_badge_says_99_plus_beside_the_bell(long_feed, live):
    page = live("carol", clear=False)
    expect(page.locator(".badge")).to_have_text("99+")
    expect(page.locator(".bell")).to_have_accessible_name("Notifications, more than 99 unread")
    badge, bell = page.locator(".badge").bounding_box(), page.locator(".bell > .carillon-icon").bounding_box()
    # The drawn bell leaves the outer quarter of its square free.
    assert badge["x"] >= bell["x"] + bell["width"] * 0.75
    assert badge["x"] + badge["width"] <= page.locator(".avatar").bounding_box()["x"]


INTERACTIONS = {
    "mark one": "() => document.querySelector('main .row-act').click()",
    "step to the next": """() => {
      const link = document.querySelector("main .row-title a");
      link.focus();
      link.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    }""",
    "mark all": "() => document.querySelector('main [data-act=read-all] button').click()",
    "undo": "() => document.querySelector('main [data-act=undo] button').click()",
    "open the panel": "() => document.querySelector('.bell').click()",
}
# From the press to the next frame on the screen: how many records of changes to the document there were.
COUNT_CHANGES = """async () => {
  let changes = 0;
  const observer = new MutationObserver((records) => { changes += records.length; });
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  (INTERACT)();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  observer.disconnect();
  return changes;
}"""


def test_500_rows_answer_by_the_next_frame_with_few_reckonings_whatever_the_network_does(site, long_feed, live):
    page = live("carol", clear=False)
    page.evaluate("""() => {
      const list = document.querySelector("main .rows");
      const row = list.firstElementChild;
      for (let number = 0; number < 500; number += 1) {
        const copy = row.cloneNode(true);
        copy.dataset.id = String(-number);
        list.append(copy);
      }
    }""")
    rows = page.locator("main .carillon-row").count()
    least = {"step to the next": 0, "mark all": rows}
    most = {"mark all": 6 * rows, "undo": 6 * rows}
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable")
    for name, act in INTERACTIONS.items():
        before = reckonings(browser)
        with nothing_answered(page):
            changes = page.evaluate(COUNT_CHANGES.replace("INTERACT", act))
        assert reckonings(browser) - before <= 40, name
        assert least.get(name, 1) <= changes <= most.get(name, 20), name
        expect(page.locator(".badge")).to_be_visible(visible=name != "mark all")
        expect(page.locator("main [data-note=undo]")).to_be_visible(visible=name == "mark all")


@contextmanager
def nothing_answered(page: Page) -> Iterator[None]:
    """The page's requests wait until the block is over."""
    waiting: list[Route] = []
    is_over = False

    def take(route: Route) -> None:
        if is_over:
            route.continue_()
        else:
            waiting.append(route)

    page.route("**/*", take)
    yield
    is_over = True
    for route in waiting:
        route.continue_()
    page.unroute("**/*", take)


def reckonings(browser: CDPSession) -> int:
    """How often the page has reckoned styles and places so far."""
    metrics = {one["name"]: one["value"] for one in browser.send("Performance.getMetrics")["metrics"]}
    return int(metrics["LayoutCount"] + metrics["RecalcStyleCount"])


def test_the_reason_leads_to_the_very_preference(site, live):
    page = live("alice")
    site.job_finished("Shot 200", for_="alice")
    page.locator("main .carillon-row", has_text="Shot 200").get_by_role("link", name="because").click()
    expect(page).to_have_url("/notifications/preferences/#type-job.completed")
    expect(page.locator('[id="type-job.completed"]')).to_be_in_viewport()


def test_rows_wait_while_somebody_points_at_the_feed(site, live):
    page = live("alice")
    site.job_finished("Shot 201", for_="alice")
    expect(page.locator("main .carillon-row").first).to_contain_text("Shot 201")
    page.locator("main .carillon-row").first.hover()
    site.job_finished("Shot 202", for_="alice")
    site.job_finished("Shot 203", for_="alice")
    pill = page.get_by_role("button", name="2 new")
    expect(pill).to_be_visible()
    expect(page.locator("main .carillon-row").first).to_contain_text("Shot 201")
    pill.click()
    expect(page.locator("main .carillon-row").first).to_contain_text("Shot 203")
    expect(page.locator("main .row-title a").first).to_be_focused()


def test_marking_all_spares_what_came_since_and_can_be_undone(site, live):
    page = live("alice")
    site.job_finished("Shot 204", for_="alice")
    site.job_finished("Shot 205", for_="alice")
    expect(page.locator(".badge")).to_have_text("2")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("main [data-note=undo]")).to_contain_text("Marked as read: 2")
    expect(page.locator(".badge")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".badge")).to_have_text("2")
    expect(page.locator("main .carillon-row").first).not_to_have_attribute("data-read", "")


def test_the_counts_of_the_categories_follow(site, live):
    page = live("alice")
    site.job_finished("Shot 206", for_="alice")
    expect(page.locator(".chip[data-filter=job] .count")).to_have_text("1")
    page.locator("main .carillon-row").first.hover()
    page.locator("main .carillon-row").first.get_by_role("button", name="Mark as read").click()
    expect(page.locator(".chip[data-filter=job] .count")).to_be_hidden()


def test_a_filtered_feed_takes_in_only_what_fits(site, live):
    page = live("alice", "/notifications/?category=collaboration&unread=1")
    expect(page.get_by_text("Nothing in Collaboration")).to_be_visible()
    expect(page.get_by_role("button", name="Mark all in Collaboration as read")).to_be_visible()
    site.job_finished("Shot 207", for_="alice")
    site.mention("alice", text="Look")
    expect(page.locator("main .carillon-row")).to_have_count(1)
    expect(page.locator("main .carillon-row")).to_contain_text("mentioned you")


def test_a_feed_where_nothing_is_unread_says_so(live):
    page = live("alice", "/notifications/?unread=1")
    expect(page.get_by_text("You're all caught up")).to_be_visible()


def test_the_panel_filters_in_place(site, live):
    page = live("alice", "/notifications/preferences/")
    site.mention("alice", text="Look")
    page.locator(".bell").click()
    page.locator(".panel").get_by_role("link", name="Collaboration").click()
    expect(page.locator(".panel .chip[data-filter=collaboration]")).to_have_attribute("aria-current", "true")
    expect(page.locator(".panel .carillon-row").first).to_contain_text("mentioned you")
    expect(page).to_have_url("/notifications/preferences/")


def test_ctrl_click_on_the_bell_opens_the_page(live):
    page = live("alice", "/notifications/preferences/")
    with page.context.expect_page() as opened:
        page.locator(".bell").click(modifiers=["ControlOrMeta"])
    expect(opened.value).to_have_url("/notifications/")


def test_the_bell_opens_and_closes_the_panel_by_key_and_by_press(live):
    page = live("alice")
    bell = page.locator(".bell")
    bell.focus()
    page.keyboard.press("Space")
    expect(page.locator(".panel")).to_be_visible()
    expect(bell).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    expect(bell).to_be_focused()
    bell.click()
    expect(page.locator(".panel")).to_be_visible()
    bell.click()
    expect(page.locator(".panel")).to_be_hidden()


def test_keys_walk_the_rows_and_mark_them(site, live):
    page = live("alice")
    for number in (208, 209):
        site.job_finished(f"Shot {number}", for_="alice")
    expect(page.locator(".badge")).to_have_text("2")
    links = page.locator("main .row-title a")
    links.first.focus()
    page.keyboard.press("PageDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(".badge")).to_have_text("1")
    page.keyboard.press("k")
    expect(links.first).to_be_focused()
    expect(page.locator("main .carillon-row").nth(1)).to_have_attribute("aria-posinset", "2")
    page.keyboard.press("Control+Home")
    expect(page.locator("main .chip").first).to_be_focused()
    links.first.focus()
    page.keyboard.press("Shift+A")
    expect(page.locator(".badge")).to_be_hidden()
