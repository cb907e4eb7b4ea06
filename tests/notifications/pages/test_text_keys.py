"""Ids that are text on pages: an entity's own address, links to it, and the search of the inbox."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from events.accounts import User
from events.entities import Entity, register_entity
from events.memberships import grant
from notifications.inbox import feed, search
from notifications.models import Notification
from tests.api_client import V1
from tests.notifications.factories.routing import publish_and_route

pytestmark = pytest.mark.django_db

IDS = ["3f2c-91", "a/b", "a//b/", "x:y?z#%2F", "ключ", "007", '"><b>', "x" * 200]
PROMPT = Entity("prompt", "3f2c-91")


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def told(owner: User, entity: Entity) -> Notification:
    grant(entity, user=owner, role="owner")
    publish_and_route("job.completed", source=entity, payload={"name": "Harbour"})
    return Notification.objects.get(user=owner)


@pytest.mark.parametrize("key", IDS)
def test_each_has_a_page_and_links_to_it(browser, owner, key):
    row = told(owner, Entity("prompt", key))
    page = reverse("carillon:entity", args=["prompt", key])
    assert "Harbour finished" in browser.get(page).content.decode()
    assert "Harbour finished" in browser.get(f"/entities/prompt/{quote(key, safe='')}/").content.decode()
    detail = browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()
    assert f'href="{page}"' in unescape(detail).replace("&#x27;", "'")


@pytest.mark.parametrize("path", ["a b", "3f2c-92", "x" * 201, "7"])
def test_others_have_none(browser, owner, path):
    told(owner, PROMPT)
    assert browser.get(f"/entities/prompt/{quote(path)}/").status_code == 404


def test_a_page_counts_no_project_by_text(browser, owner):
    told(owner, Entity("project", "seven"))
    assert browser.get("/entities/project/seven/").status_code == 200


@pytest.mark.parametrize("key", IDS)
def test_a_registered_type_leads_to_its_page(owner, key):
    register_entity("prompt")
    row = told(owner, Entity("prompt", key))
    assert feed.as_json(row)["url"] == reverse("carillon:entity", args=["prompt", key])


def test_the_search_finds_it_and_nothing_else(owner):
    told(owner, PROMPT)
    grant(Entity("prompt", "other"), user=owner, role="owner")
    publish_and_route("job.completed", source=Entity("prompt", "other"))
    found = search.narrowed(feed.rows(owner.pk), text=" prompt:3f2c-91 ")
    assert [row.event.source for row in found] == [PROMPT]
    assert search.last_looked_at(feed.rows(owner.pk), text="prompt:3f2c-91") is None


def test_what_names_no_entity_is_looked_for_as_words(owner):
    grant(PROMPT, user=owner, role="owner")
    publish_and_route("job.completed", source=PROMPT, payload={"name": "error:timeout"})
    assert search.narrowed(feed.rows(owner.pk), text="error:timeout").count() == 1


def test_the_feed_answers_with_it_as_it_was_given(browser, owner):
    told(owner, PROMPT)
    [row] = browser.get(f"{V1}/notifications").json()
    assert (row["source_entity_type"], row["source_entity_id"]) == ("prompt", "3f2c-91")
    [row] = browser.get(f"{V1}/notifications?q=prompt:3f2c-91").json()
    assert row["source_entity_id"] == "3f2c-91"
