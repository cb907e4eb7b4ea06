"""Previews while somebody types: one request at a time, mistakes beside their fields, the same without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.page]

PUBLISH = "/events/publish/"
NEW_TYPE = "/admin/carillon_events/eventtype/add/"


def toast(page: Page):
    return page.locator("carillon-preview .toast .title")


def open_type(page: Page) -> None:
    page.goto("/admin/carillon_events/eventtype/?q=job.failed")
    page.get_by_role("link", name="Job failed").click()
    expect(toast(page)).to_have_text("Shot 042 failed")


def test_a_payload_shows_as_it_is_typed(enter):
    page = enter("admin", PUBLISH)
    expect(toast(page)).to_have_text("Shot 042 finished")
    payload = page.get_by_label("Payload (JSON)")
    payload.fill('{"name": "Night shot"}')
    expect(toast(page)).to_have_text("Night shot finished")
    expect(page.locator(".look-mail")).to_contain_text("Night shot finished")
    payload.fill('{"name": ')
    expect(page.locator(".field", has=payload)).to_contain_text("This is not JSON")
    expect(payload).to_have_attribute("aria-invalid", "true")
    expect(toast(page)).to_have_text("Night shot finished")
    payload.fill("{}")
    expect(page.locator(".field", has=payload)).not_to_contain_text("This is not JSON")
    expect(payload).not_to_have_attribute("aria-invalid", "true")


def test_only_what_failed_looks_so(enter):
    page = enter("admin", PUBLISH)
    expect(toast(page)).to_have_text("Shot 042 finished")
    expect(page.locator("[data-failed] .tile")).to_have_count(0)
    page.get_by_label("Event type").select_option("job.failed")
    expect(page.locator("[data-failed] .tile")).to_have_count(2)


def test_of_many_keys_few_requests_are_made_and_the_last_counts(enter):
    page = enter("admin", PUBLISH)
    asked = []
    page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
    payload = page.get_by_label("Payload (JSON)")
    payload.fill("")
    payload.press_sequentially('{"name": "Night shot in the rain"}', delay=10)
    expect(toast(page)).to_have_text("Night shot in the rain finished")
    assert len(asked) <= 3


def test_while_an_answer_is_awaited_nothing_else_is_asked(enter):
    page = enter("admin", PUBLISH)
    waiting: list[Route] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(f"**{PUBLISH}", lambda route: route.continue_() if waiting else waiting.append(route))
    payload = page.get_by_label("Payload (JSON)")
    with page.expect_request(lambda request: request.method == "POST"):
        payload.fill('{"name": "Shot 1"}')
    payload.fill('{"name": "Shot 2"}')
    page.wait_for_timeout(600)
    assert len(asked) == 1
    with page.expect_response(lambda response: "Shot+2" in (response.request.post_data or "")):
        waiting[0].continue_()
    expect(toast(page)).to_have_text("Shot 2 finished")


def test_a_preview_that_does_not_come_says_so(enter):
    page = enter("admin", PUBLISH, expect=("net::ERR",))
    page.route(f"**{PUBLISH}", lambda route: route.abort())
    page.get_by_label("Payload (JSON)").fill("{}")
    expect(page.get_by_role("status").filter(has_text="The preview could not be loaded")).to_be_visible()


def test_a_type_shows_as_it_is_written(enter):
    page = enter("admin", "")
    open_type(page)
    page.get_by_label("Title template").fill("{{ payload.name }} broke")
    expect(toast(page)).to_have_text("Shot 042 broke")
    page.get_by_label("Critical", exact=True).check()
    expect(page.locator("carillon-preview .toast .critical")).to_be_visible()
    page.get_by_label("Title template").fill("{{ payload.name|nope }}")
    row = page.locator(".form-row.field-title_template")
    expect(row).to_contain_text("Invalid filter: 'nope'")
    expect(page.get_by_label("Title template")).to_have_attribute("aria-describedby", re.compile("_error"))
    page.get_by_label("Title template").fill("Broken")
    expect(row).not_to_contain_text("Invalid filter")


def test_a_new_type_shows_from_its_first_letters(enter):
    page = enter("admin", NEW_TYPE)
    page.get_by_label("Title template").fill("{{ payload.name }} is in the queue")
    page.get_by_label("Sample").fill('{"name": "Shot 7"}')
    expect(toast(page)).to_have_text("Shot 7 is in the queue")
    expect(page.locator(".errorlist")).to_have_count(0)


def test_who_would_be_told_is_said_beside_the_form(enter):
    page = enter("admin", "")
    open_type(page)
    page.get_by_text("Who would be told", exact=True).click()
    page.get_by_role("textbox", name="Actor").fill("alice")
    page.get_by_role("textbox", name="Actor").press("Enter")
    expect(page.get_by_role("heading", name="Who would get it")).to_be_visible()
    expect(page.locator("#outcome")).to_contain_text("alice")
    expect(page).to_have_title(re.compile("Change event type"))


def test_without_scripts_buttons_show_the_same(enter):
    page = enter("admin", "", java_script_enabled=False)
    page.goto(PUBLISH)
    page.get_by_label("Payload (JSON)").fill('{"name": "Night shot"}')
    page.get_by_role("button", name="Preview").click()
    expect(toast(page)).to_have_text("Night shot finished")
    expect(page.get_by_label("Payload (JSON)")).to_have_value('{"name": "Night shot"}')
    page.goto(NEW_TYPE)
    page.get_by_label("Title template").fill("Queued")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    expect(opened.value.locator(".toast .title")).to_have_text("Queued")
    expect(page.get_by_label("Title template")).to_have_value("Queued")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light", "dark"])
def test_previews_keep_the_rules_of_axe(enter, scheme, size):
    page = enter("admin", PUBLISH, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page.get_by_label("Payload (JSON)").fill("{")
    expect(page.locator(".preview-problems li")).to_be_visible()
    found = violations(page)
    open_type(page)
    found += violations(page, within=".previewed")
    page.get_by_text("Who would be told", exact=True).click()
    page.get_by_role("button", name="Show who would be told").click()
    expect(page.locator("#outcome")).to_be_visible()
    found += violations(page, within=".previewed:has(#outcome)")
    page.get_by_label("Body template").fill("{{ nope| }}")
    expect(page.locator(".form-row .errorlist")).to_be_visible()
    assert found + violations(page, within="#content-main") == []
