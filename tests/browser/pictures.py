"""The pictures of README and docs, from the demo as it starts: `pytest tests/browser/pictures.py`. No other run takes
them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import wait_until_live
from tests.delivery.factories.emails import part, summary

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
DOCS = Path(__file__).parents[2] / "docs"
LOOK = {"viewport": {"width": 1240, "height": 820}, "color_scheme": "light", "reduced_motion": "reduce", "clear": False}


def test_the_inbox_with_a_toast_that_has_just_arrived(site, enter):
    page = enter("alice", **LOOK)
    wait_until_live(page)
    # Nothing moves under a pointer: the row waits behind "1 new", so that it rings.
    page.mouse.move(500, 500)
    site.job_finished("Shot 043", for_="alice")
    page.locator("carillon-toasts").get_by_text("Shot 043").wait_for()
    page.wait_for_timeout(300)
    page.screenshot(path=DOCS / "inbox.png")


def test_the_deliveries(enter):
    page = enter("alice", "/deliveries/", **LOOK)
    page.locator(".delivery", has_text="Failed after").first.wait_for()
    page.screenshot(path=DOCS / "deliveries.png")


def test_the_preferences(enter):
    """The part of the preferences that docs/quiet.md is about."""
    page = enter("carol", "/notifications/preferences/#when", **LOOK | {"viewport": {"width": 1240, "height": 900}})
    page.screenshot(path=DOCS / "preferences.png")


def test_a_mail(enter):
    page = enter("alice", **LOOK | {"viewport": {"width": 760, "height": 560}})
    html = part(summary(3), "html")
    page.route("**/mail/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("/mail/")
    page.screenshot(path=DOCS / "email.png")
