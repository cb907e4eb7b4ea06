"""Channels and deliveries in a real browser: everything by links and forms alone."""

from __future__ import annotations

import functools

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.page]


def test_a_channel_is_added_tested_and_switched_off_without_scripts(enter):
    page = functools.partial(enter, java_script_enabled=False)("carol", "/channels/")
    page.get_by_text("Add a channel", exact=True).click()
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("URL").fill("https://93.184.215.14/carillon")
    page.get_by_role("button", name="Add").click()
    assert page.get_by_role("textbox", name="The signing secret").input_value().startswith("whsec_")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. Its history stays.")).to_be_visible()
    page.get_by_role("link", name="View deliveries").click()
    expect(page.get_by_text("No delivery matches these filters.")).to_be_visible()


def test_a_refused_url_is_said_at_its_field(enter):
    page = enter("carol", "/channels/add/?kind=webhook", expect=("400",))
    page.get_by_label("URL").fill("http://127.0.0.1/hook")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert").filter(has_text="public")).to_be_visible()
    expect(page.get_by_label("URL")).to_have_value("http://127.0.0.1/hook")
    assert violations(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_channel_is_tested_and_then_added_on_the_page_of_the_channels(enter, scripts):
    page = enter("carol", "/channels/", java_script_enabled=scripts, expect=("400",))
    page.get_by_text("Add a channel", exact=True).click()
    page.get_by_label("URL").fill("http://127.0.0.1/hook")
    page.get_by_role("button", name="Test before saving").click()
    expect(page.get_by_role("alert").filter(has_text="public")).to_be_visible()
    page.get_by_label("URL").fill(f"https://93.184.215.14/tested-{scripts}")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("textbox", name="The signing secret")).to_be_visible()


def test_the_secret_is_copied(enter):
    page = enter("bob", "/channels/add/?kind=webhook", permissions=["clipboard-write"])
    page.get_by_label("URL").fill("https://93.184.215.14/copied")
    page.get_by_role("button", name="Add").click()
    secret = page.get_by_role("textbox", name="The signing secret").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert violations(page) == []
    # No page may read the clipboard: whoever copied pastes.
    page.goto(page.url.partition("/channels/")[0] + "/channels/add/?kind=webhook")
    page.get_by_label("URL").press("ControlOrMeta+v")
    expect(page.get_by_label("URL")).to_have_value(secret)
