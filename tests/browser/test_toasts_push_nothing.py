"""Toasts that come, change and go move no other in the layout: each is moved into its place by a transform."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import COUNT_SHIFTS, ELSEWHERE, NARROW, WIDE
from tests.browser.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.page]

GAP = 11
LONG = "The left edge of the harbour flickers between frame 112 and frame 240, and so does the sky above it"


@pytest.fixture
def where() -> str:
    return ELSEWHERE


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def watched(page: Page, request) -> Page:
    page.set_viewport_size(request.param)
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(COUNT_SHIFTS)
    return page


def toasts(page: Page):
    return page.locator(".toast:not(.leaving, .over)")


def shifts(page: Page) -> list[str]:
    """After a frame, when all that has moved is counted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    found: list[str] = page.evaluate("() => window.shifts")
    return found


def ring_on(page: Page, server: FakeServer, seq: int, titles: list[str]) -> None:
    """One after the other, as far apart as no burst is."""
    for number, title in enumerate(titles, start=1):
        server.ring(seq + number, title=title, body=f"Text {number}", unread_count=number)
        expect(page.locator(".toast .title", has_text=title)).to_have_count(1)


def test_one_that_comes_above_others(watched, server, seq):
    ring_on(watched, server, seq, ["First", LONG, "Third", "Fourth"])
    expect(watched.locator("carillon-toasts .more")).to_be_visible()
    assert shifts(watched) == []


def test_one_that_grows_and_one_that_goes(watched, server, seq):
    ring_on(watched, server, seq, ["First", "Second"])
    server.ring(seq + 3, id=10_000_000 + seq + 2, title=LONG, unread_count=2)
    expect(toasts(watched).first).to_contain_text(LONG)
    server.say(type="read", seq=seq + 4, unread_count=1, ids=[10_000_000 + seq + 2], is_read=True)
    expect(toasts(watched)).to_contain_text(["First"])
    assert shifts(watched) == []


def test_five_that_become_one(watched, server, seq):
    for number in range(1, 7):
        server.ring(seq + number, unread_count=number)
    expect(toasts(watched)).to_have_count(1)
    expect(toasts(watched)).to_contain_text("6 new notifications")
    assert shifts(watched) == []


def test_they_stand_one_below_the_other(page, server, seq):
    page.emulate_media(reduced_motion="reduce")
    ring_on(page, server, seq, ["First", LONG, "Third", "Fourth"])
    boxes = [one.bounding_box() for one in [*toasts(page).all(), page.locator("carillon-toasts .more")]]
    assert len(boxes) == 4
    for above, below in itertools.pairwise(boxes):
        assert below["y"] == pytest.approx(above["y"] + above["height"] + GAP, abs=1)
