"""The preferences save themselves, say what will happen, and show what can't be changed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter, stop_clock, wait_until_live
from tests.browser.fake_server import FakeServer, until

pytestmark = [pytest.mark.browser, pytest.mark.page]
PATH = "/notifications/preferences/"


@pytest.fixture
def page(enter: Enter) -> Page:
    return enter("bob", PATH)


def line(page: Page, name: str):
    return page.locator(f'[id="type-{name}"]')


def saved(page: Page) -> None:
    expect(page.locator("#preferences-status")).to_have_text("Saved")


def test_a_ticked_channel_is_kept(page):
    box = line(page, "job.failed").get_by_label("E-mail")
    was = box.is_checked()
    box.click()
    saved(page)
    page.reload()
    expect(line(page, "job.failed").get_by_label("E-mail")).to_be_checked(checked=not was)


def test_nothing_ticked_switches_the_type_off(page, site):
    line(page, "review.approved").get_by_label("In app").uncheck()
    saved(page)
    chosen = site.call("GET", "/notifications/preferences", who="bob").json()
    [approved] = [one for one in chosen if one["event_type"] == "review.approved"]
    assert approved["is_enabled"] is False


def test_what_is_locked_is_shown_with_the_reason(page):
    box = line(page, "system.gpu_critical").get_by_label("In app")
    expect(box).to_be_disabled()
    expect(box).to_be_checked()
    expect(box).to_have_accessible_description("Required for those it concerns")


def test_a_cell_is_named_by_its_row_and_its_column(page):
    expect(line(page, "job.completed").get_by_role("checkbox").first).to_have_accessible_name("Completed In app")


def test_one_choice_narrows_all(page, site):
    page.get_by_text("My projects", exact=True).first.click()
    saved(page)
    expect(line(page, "job.completed").get_by_role("combobox")).to_have_value("my_projects")
    chosen = site.call("GET", "/notifications/preferences", who="bob").json()
    assert {one["scope"] for one in chosen if one["category"] == "job"} == {"my_projects"}
    assert {one["scope"] for one in chosen if one["is_locked"]} == {"all"}


def test_do_not_disturb_says_until_when(page, site):
    page.get_by_label("How long").select_option("For 1 hour")
    saved(page)
    expect(page.get_by_role("switch", name="Do not disturb")).to_be_checked()
    expect(page.locator("[data-words=quiet_words]")).to_have_text(re.compile(r"^until .*\d\d:\d\d \(UTC\)$"))
    expect(page.locator(".bell")).to_have_attribute("aria-label", re.compile("do not disturb"))
    page.get_by_role("switch", name="Do not disturb").uncheck()
    expect(page.locator("[data-words=quiet_words]")).to_be_empty()
    assert site.call("GET", "/notifications/settings", who="bob").json()["dnd_enabled"] is False


def test_a_greeting_that_comes_late_takes_no_choice_back(enter, site):
    page = enter("bob", "")
    server = FakeServer(page.context)
    page.goto(PATH)
    until(page, lambda: server.sockets)
    stop_clock(page)
    page.get_by_label("How long").select_option("For 1 hour")
    server.hello(int(page.locator("body").get_attribute("data-seq") or ""))
    wait_until_live(page)
    page.clock.run_for(300)
    saved(page)
    expect(page.get_by_role("switch", name="Do not disturb")).to_be_checked()
    assert site.call("GET", "/notifications/settings", who="bob").json()["dnd_enabled"] is True


def test_turning_it_off_in_the_panel_turns_it_off_here(page, site):
    site.set("bob", dnd_enabled=True)
    expect(page.get_by_role("switch", name="Do not disturb")).to_be_checked()
    page.locator(".bell").click()
    page.locator(".panel").get_by_role("button", name="Turn off").click()
    expect(page.locator(".panel [data-note=quiet]")).to_be_hidden()
    expect(page.get_by_role("switch", name="Do not disturb")).not_to_be_checked()


def test_a_digest_says_when_it_comes(page):
    page.get_by_role("switch", name="Digest").check()
    saved(page)
    page.get_by_text("Weekly").click()
    page.locator("[name=digest_hour]").select_option("07:00")
    page.locator("[name=digest_weekday]").select_option("Wednesday")
    expect(page.locator("[data-words=digest_words]")).to_have_text(
        re.compile(r"^Next: (Wed .*)?07:00 \(UTC\), \d+ items?")
    )
    expect(page.locator("#channel-email + small")).to_have_text("digest Wed 07:00")
    expect(page.locator("[data-words=effect_words]")).to_contain_text("Everything collects for your digest")


def test_each_address_can_be_tried_from_here(page):
    page.get_by_role("button", name="Send a test to bob@example.com").click()
    expect(page.get_by_text(re.compile("A test is on its way|one was sent just now", re.IGNORECASE))).to_be_visible()
    expect(page).to_have_url(PATH)


def test_a_channel_without_an_address_leads_to_adding_one(page):
    page.get_by_role("link", name="Chat: add one").first.click()
    expect(page).to_have_url("/channels/add/?kind=chat")


def test_the_browser_s_zone_is_offered_and_taken(enter):
    page = enter("bob", PATH, timezone_id="Europe/Paris")
    page.get_by_role("button", name="Use Europe/Paris").click()
    saved(page)
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Paris")


def test_a_refusal_is_said_where_it_was_made_and_what_was_typed_stays(enter):
    page = enter("bob", PATH, expect=("400",))
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("Middle/Earth")
    zone.press("Tab")
    expect(page.locator("[data-section=zone]").get_by_role("alert")).to_contain_text("Middle/Earth")
    expect(zone).to_have_attribute("aria-invalid", "true")
    expect(zone).to_have_value("Middle/Earth")
