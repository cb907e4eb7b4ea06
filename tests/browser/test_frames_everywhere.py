"""Whatever a frame reads or removes is read or gone in every place that a page keeps it, also unseen ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_server import FakeServer
from tests.browser.site import COME_BACK, LEAVE

pytestmark = [pytest.mark.browser, pytest.mark.page]

Frames = dict[str, Callable[[int], dict[str, Any]]]
# By the row's number: each is about that one row, which is the inbox's newest.
READING: Frames = {
    "read": lambda seq: {"type": "read", "ids": [10_000_000 + seq], "is_read": True},
    "read_all": lambda seq: {"type": "read_all", "up_to": seq, "category": None},
    "read_all of its category": lambda seq: {"type": "read_all", "up_to": seq, "category": "job"},
}
REMOVING: Frames = {"removed": lambda seq: {"type": "removed", "ids": [10_000_000 + seq]}}
SPARING: Frames = {
    "read of another": lambda seq: {"type": "read", "ids": [1], "is_read": True},
    "read_all before it": lambda seq: {"type": "read_all", "up_to": seq - 1, "category": None},
    "read_all of another category": lambda seq: {"type": "read_all", "up_to": seq, "category": "review"},
    "removed of another": lambda seq: {"type": "removed", "ids": [1]},
}
SUMMARY = {"type": "summary", "id": 77, "kind": "dnd", "url": "/notifications/summaries/77/", "is_read": False}


class Place:
    """Where one new row is kept; `let_in` shows what is still there."""

    def __init__(self, page: Page, server: FakeServer, seq: int, *, kept: str) -> None:
        self.page, self.server, self.seq, self.kept = page, server, seq + 1, kept
        if kept == "behind the new button":
            page.locator("main .feed-rows").hover()
        elif kept == "as an untold toast":
            page.evaluate(LEAVE)
        server.ring(self.seq, toast="toast" in kept)
        if kept == "behind the new button":
            expect(page.locator("main .feed-new button")).to_be_visible()
        elif kept == "as a toast":
            expect(page.locator(".toast")).to_be_visible()
        elif kept == "on screen":
            expect(self.row).to_be_visible()
        expect(page.locator(".badge")).to_have_text("1")

    @property
    def row(self) -> Any:
        return self.page.locator(f"main .carillon-row[data-id='{10_000_000 + self.seq}']")

    def hear(self, frame: Callable[[int], dict[str, Any]], *, unread_count: int) -> None:
        self.server.say(**frame(self.seq), seq=self.seq + 1, unread_count=unread_count)
        # One more that shows that the one before has been heard.
        self.server.say(type="read", ids=[], is_read=True, seq=self.seq + 2, unread_count=unread_count + 5)
        expect(self.page.locator(".badge")).to_have_text(str(unread_count + 5))

    def let_in(self) -> None:
        if self.kept == "behind the new button":
            self.page.mouse.move(5, 600)
        elif self.kept == "as an untold toast":
            self.page.evaluate(COME_BACK)
            self.page.wait_for_timeout(700)


PLACES = ["on screen", "behind the new button", "as a toast", "as an untold toast"]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, page: Page, server: FakeServer, seq: int) -> Place:
    return Place(page, server, seq, kept=request.param)


@pytest.mark.parametrize("frame", READING)
def test_what_is_read_is_read_wherever_it_is_kept(place, frame):
    place.hear(READING[frame], unread_count=0)
    place.let_in()
    expect(place.page.locator(".toast:not(.leaving)")).to_have_count(0)
    expect(place.row).to_have_attribute("data-read", "")


@pytest.mark.parametrize("frame", REMOVING)
def test_what_is_removed_is_gone_wherever_it_is_kept(place, frame):
    place.hear(REMOVING[frame], unread_count=0)
    expect(place.page.locator("main .feed-new button")).to_be_hidden()
    place.let_in()
    expect(place.page.locator(".toast:not(.leaving)")).to_have_count(0)
    expect(place.row).to_have_count(0)


@pytest.mark.parametrize("frame", SPARING)
def test_what_is_about_others_spares_it(place, frame):
    place.hear(SPARING[frame], unread_count=1)
    place.let_in()
    expect(place.row).not_to_have_attribute("data-read", "")
    expect(place.page.locator(".toast:not(.leaving)")).to_have_count(int("toast" in place.kept))


@pytest.mark.parametrize("is_seen", [True, False], ids=["as a toast", "as an untold toast"])
@pytest.mark.parametrize(("up_to", "left"), [(1, 0), (0, 1)], ids=["up to it", "before it"])
def test_reading_all_takes_the_summaries_that_it_covers(page, server, seq, is_seen, up_to, left):
    if not is_seen:
        page.evaluate(LEAVE)
    server.say(**SUMMARY, seq=seq + 1, title="While you were away", text="3 finished", unread_count=3)
    expect(page.locator(".badge")).to_have_text("3")
    if is_seen:
        expect(page.locator(".toast")).to_contain_text("3 finished")
    server.say(type="read_all", seq=seq + 2, up_to=seq + up_to, category=None, unread_count=1)
    expect(page.locator(".badge")).to_have_text("1")
    page.evaluate(LEAVE)
    page.evaluate(COME_BACK)
    page.wait_for_timeout(700)
    expect(page.locator(".toast:not(.leaving)")).to_have_count(left)
