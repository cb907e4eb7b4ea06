"""The AsyncAPI document: valid by the specification's own schema, and true of what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from delivery.models import Address
from notifications.models import Summary
from tests import asyncapi_contract
from tests.api_client import V1
from tests.delivery.factories.webhook_attempts import THEN, address, event, outgoing
from tests.own_settings import own

SPECIFICATION = Path(__file__).parent / "specifications" / "asyncapi-3.0.0.json"
CLOUD = {"format": Address.Format.CLOUDEVENTS}
SUMMARY = Summary(pk=9, kind="digest", count=1, by_type={"job.completed": 1}, created_at=THEN)
CONTENTS: dict[str, dict[str, Any]] = {
    "event": {"of": event()},
    "event of a text id": {"of": event(source_entity_id=None, source_entity_key="3f2c-91", project_id=2)},
    "summary": {"summary": SUMMARY, "held": [event()]},
    "test": {},
}


def test_it_is_valid_asyncapi(client):
    found = client.get(f"{V1}/asyncapi.json").json()
    problems = Draft7Validator(json.loads(SPECIFICATION.read_text())).iter_errors(found)
    assert [(error.json_path, error.message) for error in problems] == []


def test_it_is_the_site_s(client, settings):
    own(settings, BASE_URL="https://carillon.example.com")
    server = client.get(f"{V1}/asyncapi.json").json()["servers"]["site"]
    assert (server["host"], server["protocol"]) == ("carillon.example.com", "wss")


def test_it_shares_its_schemas_with_the_api(client, db):
    ours, apis = (client.get(f"{V1}/{name}").json()["components"]["schemas"] for name in ("asyncapi.json", "schema"))
    shared = ours.keys() & apis.keys()
    assert shared == {"NotificationOut", "QuietWindow", "SettingsOut"}
    assert [name for name in shared if ours[name] != apis[name]] == []


def test_every_reference_leads_somewhere():
    found = asyncapi_contract.document()
    named = {text.split('"')[0] for text in json.dumps(found).split('"#/components/schemas/')[1:]}
    assert named <= found["components"]["schemas"].keys()


@pytest.mark.parametrize("form", [{}, CLOUD], ids=["standard", "cloudevents"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_webhook_is_what_it_says(content, form, settings):
    own(settings, BASE_URL="https://carillon.example.com")
    body = json.loads(bytes(outgoing(address(**form), **content).delivery.body or b""))
    assert asyncapi_contract.errors(body, operation="deliver") == []


@pytest.mark.parametrize("form", [{}, CLOUD], ids=["standard", "cloudevents"])
def test_a_digest_is_what_it_says(form):
    gathered = outgoing(address(**form), gathered=[event(), event()])
    body = json.loads(bytes(gathered.delivery.body or b""))
    assert asyncapi_contract.errors(body, operation="deliver") == []


@pytest.mark.parametrize("frame", [{"type": "resume", "seq": 4}, {"type": "watch"}, {"type": "ping"}])
def test_a_client_may_send_what_it_says(frame):
    assert asyncapi_contract.errors(frame, operation="listen") == []


@pytest.mark.parametrize("frame", [{"type": "resume"}, {"type": "ping", "x": 1}, {"type": "hello"}, {}])
def test_what_it_does_not_name_is_noticed(frame):
    assert asyncapi_contract.errors(frame, operation="listen") != []
