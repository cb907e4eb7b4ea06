"""The API's page says all that the OpenAPI document says, in the site's own clothes; both are made once."""

from __future__ import annotations

import json
import re
from typing import Any
from unittest.mock import Mock

import pytest
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from delivery.api import docs
from events.models import EventType
from tests.api_client import V1
from tests.notifications.factories.routing import define

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{V1}/schema").json()
    return found


@pytest.fixture
def text(client) -> str:
    found: str = client.get(f"{V1}/docs").content.decode()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, one) for path, by in document["paths"].items() for method, one in by.items()]


def test_every_operation_is_told_once_and_listed(document, text):
    told = re.findall(r'<article class="card operation" id="(\w+)"', text)
    assert sorted(told) == sorted(one["operationId"] for *_, one in operations(document))
    assert sorted(re.findall(r'<li><a href="#(\w+)"', text)) == sorted(told)


def test_every_path_parameter_and_status_is_there(document, text):
    articles = dict(re.findall(r'<article class="card operation" id="(\w+)"(.*?)</article>', text, re.DOTALL))
    for method, path, one in operations(document):
        article = articles[one["operationId"]]
        named = [f">{parameter['name']}</code>" for parameter in one.get("parameters", [])]
        said = [
            f">{method.upper()}<",
            f"<code>{path}</code>",
            *named,
            *(f"<dt>{code}</dt>" for code in one["responses"]),
        ]
        assert [part for part in said if part not in article] == [], path


def test_no_reference_is_left_to_follow(text):
    assert "$ref" not in text
    assert "#/components" not in text


def test_groups_come_in_the_order_in_which_they_are_met(document, text):
    tags = [tag["name"] for tag in document["tags"]]
    assert tags == ["Events in", "Feed", "Preferences", "Channels and deliveries", "Memberships"]
    assert re.findall(r'<h2 class="api-group"[^>]*>([^<]+)', text) == tags


def test_who_may_call_is_what_the_view_asks_for(document):
    publish, read = (document["paths"]["/api/v1/events"][method]["x-callers"] for method in ("post", "get"))
    assert (publish, read) == (
        "For whoever is signed in, or any key that covers it. This needs the permission carillon_events.publish_event.",
        "For whoever is signed in, or a key that is not restricted. "
        "This needs the permission carillon_events.view_event.",
    )


def test_an_example_is_a_body_that_the_document_accepts(document):
    resolved = docs._resolved(document, schemas=document["components"]["schemas"])
    wrong = []
    for _method, path, one in operations(resolved):
        for body in one.get("requestBody", {}).get("content", {}).values():
            schema = body["schema"]
            wrong += [
                (path, error.message) for error in Draft202012Validator(schema).iter_errors(json.loads(docs.sent(body)))
            ]
    assert wrong == []


def test_a_hostile_name_is_text(client):
    name = "job.<script>alert(1)</script>`x`{{ 7 }}" + "y" * 40
    EventType.objects.filter(pk=define("job.hostile").pk).update(name=name, category="<b>&amp;")
    text = client.get(f"{V1}/docs").content.decode()
    assert "<script>alert" not in text
    assert "<b>&amp;" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<code>x</code>{{ 7 }}" in text


@pytest.mark.parametrize("address", ["schema", "docs"])
def test_the_document_is_made_once_and_again_when_a_type_comes(client, address, monkeypatch, django_assert_num_queries):
    docs._document.cache_clear()
    docs._operations.cache_clear()
    generator = Mock(wraps=SchemaGenerator)
    monkeypatch.setattr(docs, "SchemaGenerator", generator)
    before = client.get(f"{V1}/{address}").content
    with django_assert_num_queries(2):
        assert client.get(f"{V1}/{address}").content == before
    EventType.objects.update(is_active=False)
    define("bench.new")
    assert b"bench.new" in client.get(f"{V1}/{address}").content
    assert generator.call_count == 2


def test_it_is_made_without_a_warning(capsys):
    docs._document.__wrapped__()
    assert capsys.readouterr().err == ""


def test_a_document_of_the_project_s_own_has_none_of_our_views():
    assert docs._document.__wrapped__()["paths"]
    assert SchemaGenerator().get_schema(public=True)["paths"] == {}  # type: ignore[no-untyped-call]


def test_who_tries_it_sends_the_token_in_the_header_that_the_site_takes(client, owner, settings):
    settings.CSRF_HEADER_NAME = "HTTP_X_SHOP_TOKEN"
    client.force_login(owner)
    assert 'data-header="X-SHOP-TOKEN" data-token="' in client.get(f"{V1}/docs/try").content.decode()


def test_whoever_is_signed_in_has_the_bar_around_it(client, owner):
    client.force_login(owner)
    answer = client.get(f"{V1}/docs").content.decode()
    assert reverse("carillon:inbox") in answer
    assert reverse("carillon_api:try") in answer
