"""CloudEvents 1.0 at POST /events: what the official SDK makes is accepted unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from rest_framework.test import APIClient

from events import api_keys
from events.models import Event
from tests.api_client import V1, as_, bearing, codes
from tests.own_settings import own

EVENTS = f"{V1}/events"


def made(**more: Any) -> CloudEvent:
    attributes = {"type": "job.completed", "source": "/render/farm", "id": "A-1", "subject": "job/7"}
    return CloudEvent(attributes | more, {"name": "Shot 042"})


def send(client: Any, message: Any, **headers: str) -> Any:
    sent = {name.lower(): value for name, value in message.headers.items()} | headers
    kind = sent.pop("content-type", "")
    return client.generic("POST", EVENTS, message.body, content_type=kind, headers=sent)


@pytest.mark.parametrize("form", [to_structured, to_binary])
def test_what_the_sdk_sends_is_stored(publisher, form):
    answer = send(as_(publisher), form(made(), JSONFormat()))
    assert answer.status_code == 201, answer.content
    event = Event.objects.get()
    assert (event.event_type.name, event.payload) == ("job.completed", {"name": "Shot 042"})
    assert (event.source_entity_type, event.source_entity_id) == ("job", 7)


def test_source_and_id_are_the_idempotency_key_whatever_the_form(publisher):
    client = as_(publisher)
    first = send(client, to_structured(made(), JSONFormat()))
    again = send(client, to_binary(made(), JSONFormat()))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert send(client, to_binary(made(source="/other"), JSONFormat())).status_code == 201


def test_a_batch_is_stored_whole_in_its_order(publisher):
    batch = [json.loads(to_structured(made(id=str(n)), JSONFormat()).body) for n in range(3)]
    answer = as_(publisher).generic(
        "POST", EVENTS, json.dumps(batch), content_type="application/cloudevents-batch+json"
    )
    assert answer.status_code == 201
    assert [one["id"] for one in answer.json()] == list(Event.objects.order_by("id").values_list("id", flat=True))


@pytest.mark.parametrize("form", [to_structured, to_binary])
@pytest.mark.parametrize("spelled", [int, str])
def test_extensions_name_the_actor_and_the_project(publisher, member, form, spelled):
    answer = send(as_(publisher), form(made(actoruserid=spelled(member.pk), projectid=spelled(3)), JSONFormat()))
    assert (answer.json()["actor_user_id"], answer.json()["project_id"]) == (member.pk, 3)


def test_extensions_nobody_knows_and_other_subjects_are_no_errors(publisher):
    answer = send(as_(publisher), to_structured(made(subject="a picture", comexample="x"), JSONFormat()))
    assert (answer.status_code, answer.json()["source_entity_id"]) == (201, None)


def test_data_in_base64_is_read(publisher):
    message = to_structured(CloudEvent(made().get_attributes(), b'{"name": "Shot 043"}'), JSONFormat())
    assert send(as_(publisher), message).json()["payload"] == {"name": "Shot 043"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"type": 7}, "type"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": [1]}, "data"),
        ({"data": None, "data_base64": "%%%"}, "data_base64"),
        ({"data_base64": "e30="}, "data_base64"),
        ({"time": "yesterday"}, "time"),
    ],
)
def test_what_is_no_cloudevent_is_refused_by_its_field(publisher, change, field):
    body = json.loads(to_structured(made(), JSONFormat()).body) | change
    answer = as_(publisher).generic("POST", EVENTS, json.dumps(body), content_type="application/cloudevents+json")
    assert (answer.status_code, list(codes(answer))) == (400, [field])
    assert not Event.objects.exists()


def test_a_batch_that_is_no_array_is_refused(publisher):
    answer = as_(publisher).generic("POST", EVENTS, "{}", content_type="application/cloudevents-batch+json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_sender_that_asks_first_is_told_that_and_how_fast_it_may_send(db, publisher, settings):
    own(settings, PUBLISH_EVENTS_PER_MINUTE=120)
    asked = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "1000"}
    slow, unlimited = (bearing(api_keys.issue(publisher, events_per_minute=most)[1]) for most in (5, 0))
    for client, rate in ((APIClient(), "120"), (slow, "5"), (unlimited, "*")):
        answer = client.options(EVENTS, headers=asked)
        assert (answer.status_code, "POST" in answer["Allow"].split(", ")) == (200, True)
        assert answer["WebHook-Allowed-Origin"] == "eventemitter.example.com"
        assert answer["WebHook-Allowed-Rate"] == rate


def test_who_does_not_name_an_origin_is_promised_nothing(db):
    answer = APIClient().options(EVENTS)
    assert (answer.status_code, "WebHook-Allowed-Origin" in answer) == (200, False)
