"""The API's page in a browser: both themes, narrow and wide, without scripts, for anybody."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.page]
NOBODY: dict[str, Any] = {"storage_state": {"cookies": [], "origins": []}, "clear": False}
DOCS = "/api/v1/docs"


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW), ("light", NARROW), ("dark", WIDE)])
def test_no_rule_is_broken_with_everything_open(enter, scheme, size):
    page = enter("alice", DOCS, color_scheme=scheme, viewport=size, reduced_motion="reduce", clear=False)
    found = violations(page)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
    assert found + violations(page) == []


def test_nobody_reads_it_without_scripts(enter):
    page = enter("nobody", DOCS, **NOBODY, java_script_enabled=False, viewport=NARROW)
    page.get_by_role("link", name="Publish one event").click()
    expect(page.locator("#publish_events")).to_be_in_viewport()
    body = page.locator("#publish_events summary", has_text="Fields of the body").first
    body.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#publish_events .name", has_text="source_entity_type").first).to_be_visible()


def test_it_is_tried_on_a_page_of_its_own(enter):
    page = enter("alice", DOCS, clear=False)
    page.get_by_role("link", name="Try it").click()
    expect(page.locator("#swagger-ui .opblock").first).to_be_visible()
