"""A toast on the inbox covers none of the buttons above the rows."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1240, 768])
def test_a_toast_leaves_the_inbox_s_buttons_free(site, live, width):
    page = live("alice", viewport={"width": width, "height": 820})
    site.job_finished("Shot 111", for_="alice")
    toast = page.locator(".toast").first
    toast.wait_for()
    filters = page.locator("main .filters").bounding_box() or {}
    top = (toast.bounding_box() or {})["y"]
    assert top >= filters["y"] + filters["height"] - 4
