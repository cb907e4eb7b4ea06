"""What is read in one tab is read in all; they share one socket, and one of them toasts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import wait_until_live
from tests.browser.fake_server import FakeServer, row, until
from tests.browser.site import COME_BACK, LEAVE

pytestmark = pytest.mark.browser


@pytest.fixture
def tabs(site, live):
    """Two tabs of one browser with one unread notification."""
    first = live("alice")
    second = live("alice", same_as=first)
    site.job_finished("Shot 101", for_="alice")
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


def test_a_snoozed_row_comes_back_on_top_of_both_once_with_one_toast(site, tabs):
    [row] = site.call("GET", "/notifications?limit=1", who="alice").json()
    until_ = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    site.call("POST", f"/notifications/{row['id']}/snooze", who="alice", json={"until": until_})
    for tab in tabs:
        expect(tab.locator(f"main .carillon-row[data-id='{row['id']}']")).to_have_count(0)
        expect(tab.locator(".badge")).to_be_hidden()
        expect(tab.locator("carillon-toasts .toast")).to_have_count(0)
    site.job_finished("Shot 102", for_="alice")
    for tab in tabs:
        expect(tab.locator(".badge")).to_have_text("2")
        expect(tab.locator("main .carillon-row").first).to_contain_text("Shot 101")
        expect(tab.locator(f"main .carillon-row[data-id='{row['id']}']")).to_have_count(1)
    toasts = [tab.locator("carillon-toasts .toast", has_text="Shot 101") for tab in tabs]
    until(tabs[0], lambda: sum(toast.count() for toast in toasts))
    tabs[0].wait_for_timeout(700)
    assert sum(toast.count() for toast in toasts) == 1


def test_a_withdrawn_one_leaves_both_tabs_with_its_toast(site, tabs):
    [row] = site.call("GET", "/notifications?limit=1", who="alice").json()
    site.call("DELETE", f"/events/{row['event_id']}", who="admin")
    for tab in tabs:
        expect(tab.locator(f"main .carillon-row[data-id='{row['id']}']")).to_have_count(0)
        expect(tab.locator(".badge")).to_be_hidden()
        expect(tab.locator("carillon-toasts .toast")).to_have_count(0)


@pytest.fixture
def others(request, page, server, seq) -> list[Page]:
    """More tabs of the page that has the socket: two, or as many as the test asks for."""
    pages = [page.context.new_page() for _ in range(getattr(request, "param", 2))]
    for one in pages:
        one.goto("/notifications/", wait_until="commit")
    for one in pages:
        wait_until_live(one)
    return pages


def in_front(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('focus'))")


@pytest.mark.parametrize("others", [4], indirect=True)
def test_five_tabs_share_one_socket_and_all_follow(page, others, server, seq):
    server.ring(seq + 1, unread_count=120)
    for one in (page, *others):
        expect(one.locator(".badge")).to_have_text("99+")
        expect(one).to_have_title("(99+) Inbox · Carillon")
        expect(one.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"favicon-unread"))
    assert len(server.sockets) == 1


def test_only_the_window_last_in_front_toasts(page, others, server, seq):
    in_front(others[1])
    server.ring(seq + 1)
    expect(others[1].locator(".toast")).to_be_visible()
    page.wait_for_timeout(700)
    assert [one.locator(".toast").count() for one in (page, *others)] == [0, 0, 1]


def test_a_window_beside_one_that_is_gone_toasts_instead(page, others, server, seq):
    in_front(others[1])
    others[1].evaluate(LEAVE)
    others[0].close()
    server.ring(seq + 1)
    expect(page.locator(".toast")).to_be_visible()


def test_what_came_while_nobody_looked_is_one_summary_in_one_tab(page, others, server, seq):
    everyone = [page, *others]
    for one in everyone:
        one.evaluate(LEAVE)
    for number in range(1, 8):
        server.ring(seq + number, unread_count=number)
    for one in everyone:
        expect(one.locator(".badge")).to_have_text("7")
    others[0].evaluate(COME_BACK)
    expect(others[0].locator(".toast")).to_contain_text("7 new notifications while you were away")
    page.evaluate(COME_BACK)
    page.wait_for_timeout(700)
    assert [one.locator(".toast").count() for one in everyone] == [0, 1, 0]


def test_a_tab_that_knows_less_is_told_the_rest(page, others, server, seq):
    server.ring(seq + 1)
    expect(page.locator(".badge")).to_have_text("1")
    late = page.context.new_page()
    # The page itself comes from before the frame.
    late.goto("/notifications/")
    until(page, lambda: {"type": "resume", "seq": seq} in server.heard)
    server.hello(seq + 1, unread_count=1, rows=(row(seq + 1),))
    expect(late.locator(".badge")).to_have_text("1")
    expect(page.locator(".carillon-row", has_text=f"Shot {seq + 1} finished")).to_have_count(1)


@pytest.mark.parametrize("how", ["closes", "goes on"])
def test_the_next_tab_has_a_socket_at_once_when_the_first(how, site, live):
    first = live("alice")
    second = live("alice", same_as=first)
    with second.expect_websocket(timeout=10_000):
        if how == "closes":
            first.close()
        else:
            first.goto("/notifications/preferences/")
    site.job_finished("Shot 501", for_="alice")
    expect(second.locator(".badge")).to_have_text("1")


def test_without_locks_each_tab_has_its_own_socket(page, enter, server, seq):
    page.context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    second = enter("bob", same_as=page)
    until(second, lambda: len(server.sockets) == 2)
    server.hello(seq, unread_count=3)
    expect(second.locator(".badge")).to_have_text("3")


def test_a_page_that_comes_back_from_the_cache_follows_again(page, server, seq):
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    until(page, lambda: len(server.sockets) == 2)
    server.hello(seq + 4, unread_count=4)
    expect(page.locator(".badge")).to_have_text("4")


@pytest.fixture
def watched(page: Page, server: FakeServer, seq: int) -> Page:
    """Another tab of the page that has the socket, whose clock the test may move."""
    tab = page.context.new_page()
    tab.clock.install()
    tab.goto("/notifications/", wait_until="commit")
    wait_until_live(tab)
    # From here only the test moves it, however long anything takes.
    tab.clock.pause_at(tab.evaluate("Date.now() / 1000 + 5"))
    return tab


@pytest.fixture
def leader(page: Page, watched: Page) -> CDPSession:
    """The tab that has the socket stands still, as while a dialog of its own is open."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    return devtools


def test_a_visible_tab_takes_over_from_one_that_stands_still(leader, watched, server, seq):
    until(watched, lambda: watched.clock.run_for(1_000) or len(server.sockets) == 2)
    assert watched.locator("carillon-bell").get_attribute("data-connection") == "connecting"
    server.hello(seq + 1, unread_count=3)
    expect(watched.locator(".badge")).to_have_text("3")


def test_one_that_stood_still_follows_whoever_took_over(page, leader, watched, server, seq):
    until(watched, lambda: watched.clock.run_for(1_000) or len(server.sockets) == 2)
    leader.send("Page.setWebLifecycleState", {"state": "active"})
    server.hello(seq + 1, unread_count=3)
    expect(page.locator(".badge")).to_have_text("3")
    assert len(server.sockets) == 2


def test_a_tab_that_nobody_watches_takes_nothing_over(leader, watched, server, seq):
    watched.evaluate(LEAVE)
    watched.clock.run_for(120_000)
    assert len(server.sockets) == 1


# Heard here after the page itself, whose own channel was there first.
HEAR_BOTH = """() => {
    const channel = new BroadcastChannel(`carillon-${document.body.dataset.user}`);
    channel.onmessage = ({ data }) => {
        if (data.wake) window.asked = true;
        if (data.status) window.answered = true;
    };
}"""


@pytest.fixture
def asked(page: Page, watched: Page, server: FakeServer) -> None:
    """The leader, whom nobody watches, has been asked to prove its socket, and asks our server."""
    page.evaluate(LEAVE)
    page.clock.install()
    watched.evaluate(HEAR_BOTH)

    def is_asked() -> bool:
        watched.clock.run_for(1_000)
        return bool(watched.evaluate("() => !!window.asked"))

    until(watched, is_asked)
    until(page, lambda: {"type": "ping"} in server.heard)


def test_a_leader_that_nobody_watches_proves_its_socket_to_one_that_is_watched(asked, watched, server):
    server.say(type="pong")
    watched.wait_for_function("() => !!window.answered")
    watched.clock.run_for(10_000)
    assert len(server.sockets) == 1


def test_a_cut_connection_of_the_leader_isn_t_called_live(asked, page, watched):
    page.clock.run_for(5_100)
    expect(watched.locator("carillon-bell")).not_to_have_attribute("data-connection", "live")
