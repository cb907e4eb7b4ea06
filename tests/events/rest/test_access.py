"""Who gets in, and what everybody else is told."""

from __future__ import annotations

import json
import re

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from events import api_keys
from events.models import EventType
from tests.api_client import V1, as_, bearing

ADDRESSES = [
    ("get", "/notifications"),
    ("post", "/notifications/1/read"),
    ("post", "/notifications/1/unread"),
    ("post", "/notifications/unread"),
    ("post", "/notifications/read-all"),
    ("get", "/notifications/unread-count"),
    ("get", "/notifications/1/why"),
    ("get", "/notifications/preferences"),
    ("put", "/notifications/preferences/1"),
    ("get", "/notifications/settings"),
    ("put", "/notifications/settings"),
    ("post", "/events"),
    ("get", "/events"),
    ("get", "/event-types"),
    ("get", "/entities/job/1/members"),
    ("put", "/entities/job/1/members/1"),
    ("delete", "/entities/job/1/members/1"),
]
FOR_PUBLISHERS = [address for address in ADDRESSES if "members" in address[1] or address[1] == "/events"]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_anonymous_is_401(db, method, address):
    answer = getattr(APIClient(), method)(V1 + address)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "bearer \x00", "Bearer crl_ü"])
def test_a_wrong_key_is_401(db, header):
    answer = APIClient().get(f"{V1}/notifications", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_key")


@pytest.mark.parametrize(("method", "address"), FOR_PUBLISHERS)
def test_who_may_not_publish_is_403(outsider, method, address):
    answer = getattr(as_(outsider), method)(V1 + address)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_a_restricted_key_only_publishes_and_writes_memberships(admin, method, address):
    _key, text = api_keys.issue(admin, publish_patterns=["job.*"])
    answer = getattr(bearing(text), method)(V1 + address)
    if (method, address.split("/")[1]) in [("post", "events"), ("put", "entities"), ("delete", "entities")]:
        assert answer.status_code in (204, 400)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")


def test_an_unrestricted_key_acts_as_its_user(owner):
    _key, text = api_keys.issue(owner)
    assert bearing(text).get(f"{V1}/notifications/unread-count").json() == {"count": 0}


def test_a_session_that_changes_something_needs_the_csrf_token(owner):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(f"{V1}/notifications/read-all")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_key_needs_no_csrf_token(owner):
    _key, text = api_keys.issue(owner)
    client = APIClient(enforce_csrf_checks=True)
    assert client.post(f"{V1}/notifications/read-all", headers={"Authorization": f"Bearer {text}"}).status_code == 200


@pytest.mark.parametrize(
    "address", ["/nothing", "/notifications/", "/notifications/x/read", f"/notifications/{2**64}/why", "/events/"]
)
def test_an_address_that_does_not_exist_answers_in_json(owner, address):
    answer = as_(owner).get(V1 + address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_is_405_with_what_is_allowed(owner):
    answer = as_(owner).patch(f"{V1}/notifications/settings")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert {"GET", "PUT"} <= set(answer["Allow"].split(", "))
    assert "PATCH" not in answer["Allow"]


@pytest.mark.parametrize("method", ["patch", "options", "trace"])
def test_a_method_that_no_address_has_is_405_whoever_asks(outsider, method):
    for client in (APIClient(), as_(outsider), bearing("nonsense")):
        for _method, address in ADDRESSES:
            if (method, address) != ("options", "/events"):
                assert getattr(client, method)(V1 + address).status_code == 405


@pytest.mark.parametrize(("method", "address"), [("put", "/events"), ("delete", "/events"), ("post", "/event-types")])
def test_a_method_that_an_address_has_not_is_405_before_anything_else(outsider, method, address):
    answer = getattr(as_(outsider), method)(V1 + address)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_answers_are_json_only(owner):
    answer = as_(owner).get(f"{V1}/notifications", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_a_database_out_of_connections_is_503(owner, monkeypatch):
    def fail(*_args: object) -> None:
        raise OperationalError("couldn't get a connection after 3.00 sec")

    client = as_(owner)
    monkeypatch.setattr("notifications.inbox.marking.state", fail)
    answer = client.get(f"{V1}/notifications/unread-count")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "1")


def test_event_types_come_with_schema_and_sample(owner):
    listed = {row["name"]: row for row in as_(owner).get(f"{V1}/event-types", {"limit": 100}).json()}
    assert len(listed) == EventType.objects.count()
    assert listed["job.progress"]["sample"]["progress"] == 0.8
    assert listed["job.progress"]["schema"]["properties"]["progress"]["maximum"] == 1
    assert listed["system.restart"]["is_locked"] is True


def test_a_bare_event_type_is_listed_too(owner):
    EventType.objects.create(name="zoo.open", category="zoo")
    assert "zoo.open" in [row["name"] for row in as_(owner).get(f"{V1}/event-types", {"limit": 100}).json()]


def test_lists_are_read_to_their_end_by_their_links(owner):
    client, url, names = as_(owner), f"{V1}/event-types?limit=5", []
    while url:
        answer = client.get(url)
        names += [row["name"] for row in answer.json()]
        following = re.search(r'<([^>]+)>; rel="next"', answer["Link"])
        url = following.group(1) if following else ""
    assert len(names) == len(set(names)) == EventType.objects.count()


def test_the_openapi_document_is_public_and_names_every_address(db):
    answer = APIClient().get(f"{V1}/schema")
    document = json.loads(answer.content)
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    for method, address in ADDRESSES:
        pattern = re.sub(r"/\d+", "/{}", V1 + address).replace("/job/", "/{}/")
        assert (method, pattern) in {(verb, re.sub(r"\{\w+\}", "{}", path)) for verb, path in operations}


def test_the_page_of_the_api_has_no_inline_script_or_style(db):
    html = APIClient().get(f"{V1}/docs/try").content.decode()
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    assert "<style" not in html
    assert " style=" not in html
