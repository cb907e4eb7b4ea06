"""Staff publish by hand: through the same door as everybody, with the errors at their fields."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_choosing_a_type_brings_its_sample(enter):
    page = enter("admin", "/events/publish/")
    page.get_by_label("Event type").select_option("system.restart")
    expect(page.get_by_label("Payload (JSON)")).to_have_value(
        '{\n  "host": "render-02",\n  "message": "After an unclean end"\n}'
    )


def test_what_is_published_rings_in_the_same_page(live):
    page = live("admin", "/events/publish/?type=system.restart")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".badge")).to_have_text("1")
    told = page.get_by_role("status").filter(has_text="Published")
    expect(told).to_contain_text("Told: 1 person.")
    told.get_by_role("link", name="Explain").click()
    expect(page.get_by_role("heading", name="Who was told, why, and why not")).to_be_visible()


def test_errors_stand_at_their_fields_and_what_was_written_stays(enter):
    page = enter("admin", "/events/publish/?type=job.progress", expect=("400",))
    page.get_by_label("Source").fill("job-42")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".field", has=page.get_by_label("Source"))).to_contain_text("is not of the form type:id")
    page.get_by_label("Source").fill("job:42")
    page.get_by_label("Payload (JSON)").fill('{"progress": 7}')
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".field", has=page.get_by_label("Payload"))).to_contain_text("$.progress")
    expect(page.get_by_label("Source")).to_have_value("job:42")


def test_others_have_no_such_page(enter):
    page = enter("alice", expect=("403",))
    expect(page.get_by_role("link", name="Publish")).to_have_count(0)
    page.goto("/events/publish/")
    expect(page.get_by_role("heading", name="You don't have access to this page")).to_be_visible()
