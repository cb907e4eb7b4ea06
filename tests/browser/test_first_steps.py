"""First steps are there for whoever administers, in both themes and on a narrow page, and go without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.page]


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_the_first_steps_and_the_key_break_no_rule(enter, theme, size):
    page = enter("admin", color_scheme=theme, viewport=size)
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    found = axe.violations(page)
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("textbox", name="The command")).to_be_visible()
    assert found + axe.violations(page) == []


def test_a_step_is_ticked_by_hand_without_scripts(enter):
    page = enter("admin", java_script_enabled=False)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("heading", name="Put the bell into your own pages (done)")).to_be_visible()
