"""Trial of the preferences as filled in: said on the page and to scripts, and nothing of it saved."""

from __future__ import annotations

import pytest
from django.test import Client

from events.memberships import grant
from events.models import EventType
from notifications.models import NotificationPreference, ProjectScope, UserNotificationSettings
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = pytest.mark.django_db
TRY = "/notifications/preferences/try/"
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def browser(client: Client, owner) -> Client:
    grant(JOB, user=owner, role="owner")
    for _number in range(2):
        publish_and_route("review.rejected", source=JOB)
    client.force_login(owner)
    return client


def off(name: str = "review.rejected") -> dict[str, object]:
    return {"types": [EventType.objects.get(name=name).pk]}


def test_the_page_says_what_would_have_come_and_shows_what_was_filled_in(browser):
    shown = browser.post(TRY, {**off(), "sections": "zone", "timezone": "Asia/Tokyo"}).content.decode()
    assert "With these settings the last 30 days would have been 0 interruptions instead of 2." in shown
    assert 'value="Asia/Tokyo"' in shown


def test_a_script_has_the_sentences_alone(browser):
    words = browser.post(TRY, off(), **JSON).json()["words"]
    assert words == "With these settings the last 30 days would have been 0 interruptions instead of 2."


def test_nothing_of_it_is_saved(browser):
    browser.post(TRY, {**off(), "sections": "zone", "timezone": "Asia/Tokyo"})
    assert not NotificationPreference.objects.filter(chosen_at__isnull=False).exists()
    assert not UserNotificationSettings.objects.filter(timezone="Asia/Tokyo").exists()


def test_what_was_tried_can_be_saved_after(browser, owner):
    page = browser.get("/notifications/preferences/").context
    tried = browser.post(TRY, {**off(), "made_from": page["made_from"]}).context
    browser.post("/notifications/preferences/", {**off(), "made_from": tried["made_from"]})
    assert not NotificationPreference.objects.get(user=owner, event_type__name="review.rejected").is_enabled


@pytest.mark.parametrize("headers", [{}, JSON])
def test_what_can_t_be_saved_can_t_be_tried(browser, headers):
    answer = browser.post(TRY, {"sections": "zone", "timezone": "Nowhere"}, **headers)
    assert (answer.status_code, "a time zone" in answer.content.decode()) == (400, True)


def test_a_project_one_may_know_nothing_of_is_not_there(browser):
    assert browser.post(TRY, {"project-scope-8": "nothing"}).status_code == 404
    assert not ProjectScope.objects.exists()


def test_who_was_told_of_nothing_hears_so(client, outsider):
    client.force_login(outsider)
    assert client.post(TRY, {}, **JSON).json()["words"] == "Nothing came to you in the last 30 days."
