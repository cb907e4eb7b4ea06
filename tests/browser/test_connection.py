"""The socket under bad conditions: frames lost, doubled and out of order, sessions ended, servers gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import ANOTHER_FILTER, stop_clock
from tests.browser.fake_server import row, until

pytestmark = pytest.mark.browser


@pytest.fixture
def where():
    return ANOTHER_FILTER


def test_a_frame_that_comes_twice_counts_once(page, server, seq):
    server.ring(seq + 1, unread_count=5)
    server.say(type="read", seq=seq + 1, ids=[], is_read=True, unread_count=9)
    expect(page.locator(".badge")).to_have_text("5")
    expect(page.locator(".toast")).to_have_count(1)


def test_a_gap_makes_it_resume_and_the_row_beyond_still_rings(page, server, seq):
    server.ring(seq + 2, unread_count=7)
    until(page, lambda: {"type": "resume", "seq": seq} in server.heard)
    expect(page.locator(".badge")).to_be_hidden()
    server.hello(seq + 2, unread_count=7, rows=(row(seq + 1), row(seq + 2)))
    expect(page.locator(".badge")).to_have_text("7")
    expect(page.locator(".toast")).to_have_count(2)


def test_many_that_were_missed_are_one_summary(page, server, seq):
    late = [row(seq + number) | {"created_at": "2026-11-22T11:00:00Z"} for number in range(1, 8)]
    server.hello(seq + 7, unread_count=7, rows=tuple(late))
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("7 new notifications while you were away")


def test_a_lost_socket_comes_back_from_where_it_was(page, server, seq):
    server.ring(seq + 1, unread_count=1)
    server.sockets[-1].close(code=4503)
    until(page, lambda: len(server.sockets) == 2)
    assert server.asked_from[-1] == str(seq + 1)


def test_it_says_when_it_is_not_live_and_keeps_the_count(page, server, seq):
    server.ring(seq + 1, unread_count=4)
    page.clock.install()
    server.sockets[-1].close(code=4503)
    until(page, lambda: page.clock.run_for(1_000) or page.locator("carillon-bell[data-live=false]").count())
    expect(page.locator(".bell")).to_have_attribute("aria-label", "Notifications, 4 unread, live updates off")
    expect(page.locator("main [data-note=connection]")).to_contain_text("Connection lost")


def test_an_ended_session_is_said_and_not_asked_again(page, server, seq):
    page.clock.install()
    before = len(server.sockets)
    server.turn_away(code=4401)
    server.sockets[-1].close(code=4401)
    until(page, lambda: page.clock.run_for(200) or len(server.sockets) > before)
    expect(page.locator(".toast")).to_contain_text("You've been signed out.")
    expect(page.locator("main [data-note=connection]").get_by_role("link", name="Sign in")).to_be_visible()
    page.clock.run_for(120_000)
    assert len(server.sockets) == before + 1


def test_a_session_that_only_got_another_cookie_stays_live(page, server, seq):
    """As in the other windows after the password was changed in one."""
    page.clock.install()
    server.sockets[-1].close(code=4401)
    until(page, lambda: page.clock.run_for(200) or len(server.sockets) == 2)
    server.hello(seq, unread_count=3)
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator("carillon-bell[data-connection=live]")).to_be_attached()
    expect(page.locator(".toast")).to_have_count(0)


def test_coming_online_doesn_t_wait_out_the_pause(page, server, seq):
    stop_clock(page)
    for count in (2, 3):
        server.sockets[-1].close(code=4429)
        until(page, lambda: page.evaluate("dispatchEvent(new Event('online'))") or len(server.sockets) == count)  # noqa: B023


def test_a_silent_socket_is_given_up(page, server, seq):
    page.clock.install()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, lambda: {"type": "ping"} in server.heard)
    page.clock.run_for(5_100)
    page.clock.run_for(1_000)
    until(page, lambda: len(server.sockets) == 2)


def test_without_sockets_it_looks_by_http_and_says_so(site, page, server):
    server.turn_away()
    page.clock.install()
    page.goto(ANOTHER_FILTER)
    until(page, lambda: page.clock.run_for(1_000) or len(server.sockets) >= 3)
    site.job_finished("Shot 401", for_="bob")
    site.wait_for_unread("bob", 1)
    page.clock.run_for(16_000)
    expect(page.locator(".badge")).to_have_text("1")
    expect(page.locator(".toast")).to_contain_text("Shot 401 finished")
    expect(page.locator("main [data-note=connection]")).to_contain_text("Live updates are off. Checking every minute.")


def test_a_socket_that_gets_through_again_ends_the_looking(page, server):
    server.turn_away()
    page.clock.install()
    page.goto(ANOTHER_FILTER)
    expect_polling = page.locator("carillon-bell[data-connection=polling]")
    until(page, lambda: page.clock.run_for(1_000) or expect_polling.count())
    server.let_in()
    before = len(server.sockets)
    until(page, lambda: page.clock.run_for(10_000) or len(server.sockets) > before)
    server.hello(int(page.locator("body").get_attribute("data-seq")))
    expect(page.locator("carillon-bell[data-connection=live]")).to_be_attached()
    looks: list[str] = []
    page.on("request", lambda request: looks.append(request.url) if "/since/" in request.url else None)
    page.clock.run_for(25_000)
    page.wait_for_timeout(100)
    assert looks == []


def test_a_server_that_starts_anew_is_found_again(site, live):
    page = live("bob", ANOTHER_FILTER, expect=("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "WebSocket"))
    site.job_finished("Shot 402", for_="bob")
    expect(page.locator(".badge")).to_have_text("1")
    page.clock.install()
    site.stop()
    until(page, lambda: page.clock.run_for(1_000) or page.locator("carillon-bell[data-live=false]").count())
    expect(page.locator(".badge")).to_have_text("1")
    site.start()
    until(page, lambda: page.clock.run_for(1_000) or page.locator("carillon-bell[data-connection=live]").count())
    site.job_finished("Shot 403", for_="bob")
    expect(page.locator(".badge")).to_have_text("2")
    expect(page.locator(".toast", has_text="Shot 403 finished")).to_be_visible()


def test_the_count_stays_while_offline(page, server, seq):
    server.ring(seq + 1, unread_count=6)
    expect(page.locator(".badge")).to_have_text("6")
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator(".bell")).to_have_attribute("aria-label", "Notifications, 6 unread, live updates off")
    expect(page.locator(".badge")).to_have_text("6")
    page.evaluate("dispatchEvent(new Event('online'))")
    until(page, lambda: {"type": "ping"} in server.heard)
    server.say(type="pong")
    expect(page.locator("carillon-bell[data-connection=live]")).to_be_attached()


def test_a_page_of_another_person_is_told_that_its_session_ended(enter):
    page = enter("bob", "", clear=False)
    asked = {"user": "1", "seq": "0"}
    assert page.request.get("/notifications/since/", params=asked).status == 401


def test_ten_minutes_of_sleep_are_one_summary(page, server, seq):
    """The frames of a sleeping laptop all come when it wakes; by the server's clock it is 12:10 then."""
    page.clock.install()
    page.clock.fast_forward(600_000)
    for number in range(1, 8):
        server.ring(seq + number, unread_count=number, created_at=f"2026-11-22T12:0{number}:00Z")
    expect(page.locator(".badge")).to_have_text("7")
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("7 new notifications while you were away")


def test_frames_in_the_wrong_order_end_in_the_right_one(page, server, seq):
    server.ring(seq + 3, unread_count=3)
    server.ring(seq + 1, unread_count=1)
    server.ring(seq + 2, unread_count=2)
    until(page, lambda: {"type": "resume", "seq": seq} in server.heard)
    server.hello(seq + 3, unread_count=3, rows=(row(seq + 3),))
    expect(page.locator(".badge")).to_have_text("3")
    expect(page.locator(".toast")).to_have_count(3)


def test_a_resync_fetches_page_one_anew(page, server, seq):
    page.evaluate("document.querySelector('main .feed-rows').replaceChildren()")
    with page.expect_request("**/notifications/rows/**"):
        server.say(type="resync", seq=seq + 500, unread_count=3)
    expect(page.locator("main .feed-rows > *").first).to_be_attached()
    expect(page.locator(".badge")).to_have_text("3")


def test_a_row_that_comes_while_page_one_is_fetched_is_not_lost(page, server, seq):
    held: list[Route] = []
    page.route("**/notifications/rows/**", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks its handlers)
    server.say(type="resync", seq=seq + 500, unread_count=0)
    until(page, lambda: held)
    server.ring(seq + 501)
    expect(page.locator(".badge")).to_have_text("1")
    held[0].continue_()
    until(page, lambda: len(held) == 2)


def test_a_title_is_text_and_nothing_else(page, server, seq):
    evil = row(seq + 1) | {"title": "<img src=x onerror=alert(1)>", "body": "<script>alert(2)</script>"}
    evil |= {"category": "system", "is_critical": True}
    server.say(type="notification", seq=seq + 1, unread_count=1, toast=True, notification=evil)
    expect(page.locator(".toast .title")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("main .row-title").first).to_contain_text("<img src=x onerror=alert(1)>")
