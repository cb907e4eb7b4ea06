"""The preferences save themselves, say what will happen, and show what can't be changed."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Enter

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
    box = line(page, "job.failed").get_by_role("checkbox", name="E-mail")
    was = box.is_checked()
    box.click()
    saved(page)
    page.reload()
    expect(line(page, "job.failed").get_by_role("checkbox", name="E-mail")).to_be_checked(checked=not was)


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
    expect(box).to_have_accessible_description("Required: your admin keeps this on")


def test_a_cell_is_named_by_its_row_and_its_column(page):
    expect(line(page, "job.completed").get_by_role("checkbox").first).to_have_accessible_name("Completed In app")


def is_post(response: Response) -> bool:
    return response.request.method == "POST"


def test_one_box_ticks_a_column_and_goes_round_to_what_there_was(page, site):
    line(page, "job.failed").get_by_role("checkbox", name="Webhook").check()
    saved(page)
    of_all = page.get_by_label("All types, Webhook")
    expect(of_all).to_be_checked(indeterminate=True)
    with page.expect_response(is_post):
        of_all.click()
    expect(page.get_by_label("All of Jobs, Webhook")).to_be_checked()
    chosen = site.call("GET", "/notifications/preferences", who="bob").json()
    assert all("webhook" in one["channels"] for one in chosen)
    of_all.click()
    expect(line(page, "job.started").get_by_role("checkbox", name="Webhook")).not_to_be_checked()
    with page.expect_response(is_post):
        of_all.click()
    expect(of_all).to_be_checked(indeterminate=True)
    expect(line(page, "job.failed").get_by_role("checkbox", name="Webhook")).to_be_checked()


def test_a_box_for_a_category_leaves_what_is_locked(page, site):
    # Some are off to begin with: the first click ticks them all.
    for _ in ("all", "none"):
        page.get_by_label("All of System, In app").click()
    saved(page)
    page.reload()
    expect(line(page, "system.gpu_critical").get_by_label("In app")).to_be_checked()
    expect(line(page, "system.address_failing").get_by_label("In app")).not_to_be_checked()


def test_the_filter_leaves_what_is_looked_for_and_asks_nobody(page):
    page.get_by_label("Filter types").fill("gpu")
    expect(page.locator("[data-line]:visible")).to_have_count(3)
    page.get_by_label("Filter types").fill("nothing of the kind")
    expect(page.get_by_text("No type matches.")).to_be_visible()


def test_a_link_to_a_type_comes_to_its_row_below_the_head(enter):
    page = enter("bob", f"{PATH}#type-collab.lock")
    expect(line(page, "collab.lock")).to_be_focused()
    boxes = [page.locator(place).bounding_box() or {} for place in (".bar", "thead", '[id="type-collab.lock"]')]
    assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in itertools.pairwise(boxes))


def test_back_leads_to_the_part_before(page):
    page.get_by_role("link", name="When", exact=True).click()
    expect(page.get_by_role("heading", name="Quiet hours")).to_be_visible()
    expect(page.locator(".matrix")).to_be_hidden()
    page.go_back()
    expect(page.locator(".matrix")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_table_begins_on_the_first_screen(enter, width):
    page = enter("bob", PATH, viewport={"width": width, "height": 800})
    expect(line(page, "job.submitted").get_by_label("In app")).to_be_in_viewport()


def test_one_choice_narrows_all(page, site):
    page.get_by_text("My projects", exact=True).first.click()
    saved(page)
    expect(line(page, "job.completed").get_by_role("combobox")).to_have_value("my_projects")
    chosen = site.call("GET", "/notifications/preferences", who="bob").json()
    assert {one["scope"] for one in chosen if one["category"] == "job"} == {"my_projects"}
    assert {one["scope"] for one in chosen if one["is_locked"]} == {"all"}


@pytest.fixture
def when(page: Page) -> Page:
    page.goto(f"{PATH}#when")
    return page


def test_do_not_disturb_says_until_when(when, site):
    words = when.locator("[data-words=quiet_words]")
    when.get_by_role("button", name="1 hour").click()
    expect(words).to_have_text(re.compile(r"^On until .*\d\d:\d\d \(UTC\)$"))
    expect(when.locator(".bell")).to_have_attribute("aria-label", re.compile("do not disturb"))
    when.get_by_role("button", name="Turn off").click()
    expect(words).to_have_text("Off")
    assert site.call("GET", "/notifications/settings", who="bob").json()["dnd_enabled"] is False


def test_an_end_of_one_s_own_is_a_day_and_a_time_of_24_hours(when):
    when.get_by_text("Until…").click()
    when.get_by_label("Day", exact=True).fill("2099-01-31")
    when.get_by_label("Time (UTC)").fill("7:30")
    when.get_by_role("button", name="Turn on").click()
    expect(when.locator("[data-words=quiet_words]")).to_have_text("On until Sat 31 Jan 2099, 07:30 (UTC)")


def test_windows_are_added_and_removed(when, site):
    when.get_by_text("Add a window").click()
    when.locator("[name=hours-0-days]").nth(4).check()
    saved(when)
    when.get_by_text("Add a window").click()
    when.locator("[name=hours-1-start]").fill("12")
    with when.expect_response(is_post):
        when.locator("[name=hours-1-days]").nth(0).check()
    with when.expect_response(is_post):
        when.get_by_role("button", name="Remove").first.click()
    expect(when.locator("[data-window]")).to_have_count(2)
    [left] = site.call("GET", "/notifications/settings", who="bob").json()["quiet_hours"]
    assert left == {"days": [0], "start": "12:00", "end": "07:00"}
    site.set("bob", quiet_hours=[])


def test_the_panel_switches_it_on_and_off_here_too(when):
    words = when.locator("[data-words=quiet_words]")
    when.locator(".bell").click()
    panel = when.locator(".panel")
    panel.get_by_role("button", name="Do not disturb").click()
    panel.get_by_role("button", name="1 hour").click()
    expect(panel.locator(".dnd-choices")).to_be_hidden()
    expect(words).to_have_text(re.compile(r"^On until .*\(UTC\)$"))
    panel.get_by_role("button", name="Turn off").click()
    expect(when.locator(".panel [data-note=quiet]")).to_be_hidden()
    expect(words).to_have_text("Off")


def test_a_digest_says_when_it_comes(when):
    page = when
    page.get_by_role("switch", name="Digest").check()
    saved(page)
    page.get_by_text("Weekly", exact=True).click()
    page.locator("[name=digest_hour]").select_option("07:00")
    page.locator("[name=digest_weekday]").select_option("Wednesday")
    expect(page.locator("[data-words=digest_words]")).to_have_text(
        re.compile(r"^Next: (Wed .*)?07:00 \(UTC\), \d+ items?")
    )
    expect(page.locator("#channel-email + small")).to_have_text("digest Wed 07:00")
    expect(page.locator("[data-words=effect_words]")).to_contain_text("Collected for your digest")


def test_each_address_can_be_tried_from_here(page):
    page.goto(f"{PATH}#where")
    page.get_by_role("button", name="Send a test to bob@example.com").click()
    expect(page.get_by_text(re.compile("A test is on its way|we just sent one", re.IGNORECASE))).to_be_visible()
    expect(page).to_have_url(f"{PATH}#where")


def test_a_channel_without_an_address_leads_to_adding_one(page):
    page.get_by_role("link", name="Chat: add one").first.click()
    expect(page).to_have_url("/channels/add/?kind=chat")


def test_the_browser_s_zone_is_offered_and_taken(enter):
    page = enter("bob", f"{PATH}#when", timezone_id="Europe/Paris")
    page.get_by_role("button", name="Use Europe/Paris").click()
    saved(page)
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Paris")


def test_a_refusal_is_said_where_it_was_made_and_what_was_typed_stays(enter):
    page = enter("bob", f"{PATH}#when", expect=("400",))
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("Middle/Earth")
    zone.press("Tab")
    expect(page.locator("[data-section=zone]").get_by_role("alert")).to_contain_text("Middle/Earth")
    expect(zone).to_have_attribute("aria-invalid", "true")
    expect(zone).to_have_value("Middle/Earth")


def test_settings_are_tried_in_place_with_a_script(page):
    page.get_by_role("button", name="Try these settings").click()
    expect(page.locator("#tried")).to_contain_text("last 30 days")
    assert page.url.endswith(PATH)


def test_when_a_channel_speaks_is_kept_for_all_types(page):
    page.get_by_role("link", name="When", exact=True).click()
    webhook = page.locator("#when [name=ladder-webhook]")
    webhook.select_option("If still unread after 15 minutes")
    saved(page)
    page.reload()
    expect(webhook).to_have_value("15")


def test_when_a_channel_speaks_is_kept_for_one_type(page):
    when = line(page, "job.failed").locator("details")
    when.locator("summary").click()
    when.get_by_label("E-mail").select_option("Never")
    saved(page)
    page.reload()
    expect(when.locator("select").first).to_have_value("never")


def test_a_critical_type_offers_no_other_time(page):
    expect(line(page, "system.gpu_critical").get_by_text("When")).to_have_count(0)


CENTRES = """(row) => [...row.querySelectorAll(".check")].map((box) => {
  const { x, width } = box.getBoundingClientRect();
  return Math.round(x + width / 2);
})"""


@pytest.mark.parametrize("width", [320, 500, 1240])
def test_boxes_stand_below_each_other(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    centres = [
        page.locator(row).first.evaluate(CENTRES) for row in (".matrix thead", ".matrix .group", ".matrix .type")
    ]
    for column in zip(*centres, strict=True):
        assert max(column) - min(column) <= 2, centres
