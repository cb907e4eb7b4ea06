"""Entities whose id is text, in a browser: found by it, led to, and no page scrolls sideways for a long one."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import NARROW

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("key", ["3f2c/91:b?c#%2F", "x" * 180])
def test_search_detail_and_page_lead_to_it(enter, site, key):
    page = enter("alice", viewport=NARROW)
    site.publish("job.completed", actor="alice", source=key)
    site.wait_for_unread("alice", 1)
    page.goto(f"/notifications/?q={quote(f'job:{key}', safe='')}")
    rows = page.locator("main .carillon-row")
    expect(rows).to_have_count(1)
    opened = rows.first.locator("a").first.get_attribute("href") or ""
    for path in (opened, opened.replace("open/", ""), reverse("carillon:entity", args=["job", key])):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"ob {key}")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
