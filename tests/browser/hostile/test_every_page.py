"""Every page with hostile texts on it: no text is hidden or over another, no list has endless rows, nothing scrolls
sideways, no sentence is turned around, no rule of axe is broken."""

from __future__ import annotations

import json

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE, wait_until_live
from tests.browser.hostile.data import SHOT, WHO
from tests.browser.hostile.layout import faults
from tests.browser.hostile.texts import ARABIC, BODIES, LONG, MIXED, TITLES, URL, WORD

pytestmark = [pytest.mark.browser, pytest.mark.page]
LOOKS = [("light", WIDE), ("dark", NARROW)]
# Titles where each costs a preview too.
SOME = range(0, len(TITLES), 4)
PAGES = {
    "inbox": "/notifications/",
    "inbox of a category": "/notifications/?category=render_farm&unread=1",
    "inbox searched": f"/notifications/?q={LONG[:40]}",
    "inbox searched in vain": f"/notifications/?q={WORD[:199]}",
    "done": "/notifications/?state=done",
    "snoozed": "/notifications/?state=snoozed",
    "entity": f"/entities/job/{SHOT}/",
    "entity of a long type": f"/entities/{'s' * 64}/{SHOT}/",
    "deliveries": "/deliveries/",
    "deliveries that failed": "/deliveries/?state=dead&channel={address}",
    "channels": "/channels/",
    "channel": "/channels/{address}/",
    "channel to add": "/channels/add/?kind=webhook",
    "preferences": "/notifications/preferences/",
    "preferences, when": "/notifications/preferences/#when",
    "preferences, where": "/notifications/preferences/#where",
    "preferences, browser": "/notifications/preferences/#browser",
    "publish": "/events/publish/",
    "catalogue": "/catalogue/",
    "pulse": "/pulse/",
    "pulse of a source": f"/pulse/?source=job:{SHOT}",
    "password": "/password/",
}


@pytest.fixture
def page(enter) -> Page:
    opened: Page = enter(WHO, "", clear=False, reduced_motion="reduce")
    return opened


def without_what_is_django_s(page: Page) -> None:
    page.evaluate("document.querySelectorAll('#header, #nav-sidebar').forEach((part) => part.remove())")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page(page, made, path):
    page.goto(path.format(**made))
    assert faults(page) == []


@pytest.mark.parametrize("path", [*PAGES.values(), "/notifications/{row}/"], ids=[*PAGES, "notification"])
def test_a_page_by_the_rules_of_axe(page, made, path):
    page.goto(path.format(**made))
    found = []
    for theme, size in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(size)
        found += violations(page)
    assert found == []


@pytest.mark.parametrize("number", SOME)
def test_publish_with_a_preview(page, number):
    page.goto("/events/publish/?type=collab.mention")
    text = {"mentioned_user_ids": [1], "title": TITLES[number], "text": BODIES[number]}
    page.get_by_label("Payload (JSON)").fill(json.dumps(text))
    page.get_by_label("Actor").fill("other2")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Source").fill(f"{'s' * 64}:{SHOT}")
    expect(page.locator(".preview-problems")).to_be_empty()
    assert faults(page) == []


def test_publish_with_what_can_not_be(page):
    page.goto("/events/publish/")
    page.get_by_label("Actor").fill(WORD[:150])
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Payload (JSON)").fill(f'{{"{WORD}": {MIXED}')
    expect(page.locator(".preview-problems li")).to_have_count(2)
    assert faults(page) == []


@pytest.mark.parametrize("number", SOME)
def test_the_form_of_an_event_type(page, made, number):
    page.goto(f"/admin/carillon_events/eventtype/{made['type']}/change/")
    page.get_by_text("Who would be told", exact=True).click()
    page.get_by_label("Body template").fill("{{ payload.text }}")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Sample").fill(json.dumps({"name": TITLES[number], "text": BODIES[number]}))
    page.get_by_role("textbox", name="Source").fill(f"job:{SHOT}")
    page.get_by_role("button", name="Show who would be told").click()
    expect(page.locator("#outcome")).to_be_visible()
    without_what_is_django_s(page)
    assert faults(page) == []


@pytest.mark.parametrize("number", range(len(TITLES)))
def test_a_notification(page, made, number):
    page.goto(f"/notifications/{made['row'] + number}/")
    assert faults(page) == []


def test_explain(page, made):
    page.goto(f"/admin/carillon_delivery/delivery/explain/{made['event']}/")
    without_what_is_django_s(page)
    assert faults(page) == []


def test_the_panel(page):
    page.goto("/password/")
    page.locator(".bell").click()
    expect(page.locator(".panel .carillon-row").first).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("opener", [".avatar[popovertarget]", ".menu-button"])
def test_a_menu(page, opener):
    page.set_viewport_size(NARROW)
    page.goto("/password/")
    page.locator(opener).click()
    assert faults(page) == []


def test_toasts(page, site):
    page.goto("/password/")
    wait_until_live(page)
    for title in (LONG, WORD, MIXED):
        site.publish("collab.mention", actor="other2", mentioned_user_ids=[site.people[WHO]], title=title, text=URL)
        expect(page.locator(".toast .title", has_text=title[:20])).to_be_visible()
    assert faults(page) == []


def test_signing_in(enter):
    page = enter("nobody", "/sign-in/", clear=False, storage_state={"cookies": [], "origins": []})
    page.get_by_label("User name").fill(WORD[:150])
    page.get_by_label("Password").fill(ARABIC)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error(page, name):
    page.route(
        "**/error/", lambda route: route.fulfill(body=render_to_string(f"{name}.html"), content_type="text/html")
    )
    page.goto("/error/")
    assert faults(page) == []
