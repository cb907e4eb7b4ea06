"""The socket under bad conditions: frames lost, doubled and out of order, sessions ended, servers gone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

pytestmark = pytest.mark.browser


class Server:
    """Plays the server's side of the page's sockets."""

    def __init__(self, page: Page) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.heard: list[dict[str, Any]] = []
        page.route_web_socket("**/ws/notifications/**", self._connected)

    def _connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self.heard.append(json.loads(text)))

    @property
    def asked_from(self) -> list[str]:
        return [socket.url.partition("seq=")[2] for socket in self.sockets]

    def say(self, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def hello(self, seq: int, *, unread_count: int = 0, rows: tuple[dict[str, Any], ...] = ()) -> None:
        self.say(
            type="hello",
            seq=seq,
            unread_count=unread_count,
            now="2026-11-22T12:00:00Z",
            settings={"dnd_enabled": False, "dnd_until": None},
            recovered=True,
            notifications=list(rows),
        )

    def ring(self, seq: int, *, unread_count: int, toast: bool = True) -> None:
        self.say(type="notification", seq=seq, unread_count=unread_count, toast=toast, notification=row(seq))


def row(seq: int) -> dict[str, Any]:
    return {
        "id": 10_000_000 + seq,
        "seq": seq,
        "feed_seq": seq,
        "event_type": "job.completed",
        "category": "job",
        "is_critical": False,
        "title": f"Shot {seq} finished",
        "body": "",
        "url": "",
        "reason": "actor",
        "is_read": False,
        "created_at": "2026-11-22T11:59:50Z",
    }


@pytest.fixture
def page(enter):
    """Not connected yet."""
    return enter("bob")


@pytest.fixture
def server(page):
    return Server(page)


@pytest.fixture
def seq(page, server) -> int:
    """Where the inbox stands; the page is connected and has been greeted."""
    page.reload()
    known = int(page.locator("body").get_attribute("data-seq"))
    until(page, lambda: server.sockets)
    server.hello(known)
    expect(page.locator("carillon-bell[data-connection=live]")).to_be_attached()
    return known


def until(page: Page, found) -> None:
    """Playwright's loop has to run for anything to arrive."""
    for _ in range(100):
        if found():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came")


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
    page.wait_for_timeout(200)
    page.clock.run_for(12_000)
    expect(page.locator(".bell")).to_have_attribute("aria-label", "Notifications, 4 unread, not live")
    expect(page.locator("main [data-note=connection]")).to_contain_text("Not live")


def test_an_ended_session_is_said_and_not_asked_again(page, server, seq):
    page.clock.install()
    server.sockets[-1].close(code=4401)
    expect(page.locator(".toast")).to_contain_text("Your session ended.")
    expect(page.locator("main [data-note=connection]").get_by_role("link", name="Sign in")).to_be_visible()
    page.clock.run_for(120_000)
    assert len(server.sockets) == 1


def test_coming_online_doesn_t_wait_out_the_pause(page, server, seq):
    page.clock.install()
    for _ in range(2):
        server.sockets[-1].close(code=4429)
        page.wait_for_timeout(100)
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_timeout(100)
    assert len(server.sockets) == 3


def test_a_silent_socket_is_given_up(page, server, seq):
    page.clock.install()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, lambda: {"type": "ping"} in server.heard)
    page.clock.run_for(5_100)
    page.clock.run_for(1_000)
    until(page, lambda: len(server.sockets) == 2)


def test_a_resync_fetches_page_one_anew(page, server, seq):
    page.evaluate("document.querySelector('main .feed-rows').replaceChildren()")
    with page.expect_request("**/notifications/rows/**"):
        server.say(type="resync", seq=seq + 500, unread_count=3)
    expect(page.locator("main .feed-rows > *").first).to_be_attached()
    expect(page.locator(".badge")).to_have_text("3")


def test_a_title_is_text_and_nothing_else(page, server, seq):
    evil = row(seq + 1) | {"title": "<img src=x onerror=alert(1)>", "body": "<script>alert(2)</script>"}
    server.say(type="notification", seq=seq + 1, unread_count=1, toast=True, notification=evil)
    expect(page.locator(".toast .title")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("main .row-title").first).to_contain_text("<img src=x onerror=alert(1)>")
