"""What a webhook says, as Standard Webhooks and as CloudEvents: of an event, of a summary, of nothing but a test.

No test here has a database: freezing a body asks for nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from delivery.models import Address
from events.models import Event, EventType
from notifications.models import Summary
from tests.accounts.factory import new_person
from tests.delivery.factories import webhook_attempts
from tests.delivery.factories.webhook_attempts import THEN, address, event, outgoing, send
from tests.delivery.fakes.http_receiver import Request
from tests.own_settings import own

CLOUD = {"format": Address.Format.CLOUDEVENTS}


@pytest.fixture(autouse=True)
def _site(settings) -> None:
    own(settings, BASE_URL="https://carillon.example.com")


def said(**more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(outgoing(address(), **more).delivery.body or b""))
    return body


def summary() -> Summary:
    by_type = {"job.completed": 60, "job.failed": 1, "review.opened": 2}
    return Summary(pk=9, kind="digest", count=63, by_type=by_type, created_at=THEN)


def held() -> list[Event]:
    completed = EventType(
        pk=1, name="job.completed", category="job", digest_one="1 job completed", digest_many="{n} jobs completed"
    )
    failed = EventType(pk=2, name="job.failed", category="job", digest_one="1 failed", digest_many="{n} failed")
    return [event(pk=21, event_type=completed), event({"secret": "x"}, pk=22, event_type=failed)]


def test_an_event_has_the_three_fields_and_what_else_is_known():
    assert said(of=event()) == {
        "id": "msg_20260329120000_3",
        "event_type": "job.completed",
        "payload": {"frames": 24},
        "timestamp": "2026-03-29T12:00:00.123456Z",
        "event_id": 7,
        "position": 70,
        "category": "job",
        "is_critical": False,
        "source_entity_type": "job",
        "source_entity_id": 4,
        "actor_user_id": None,
        "project_id": None,
        "title": "job 4 is done",
        "body": "",
        "url": "https://carillon.example.com/jobs/4/",
        "notification_id": 11,
        "reason": "owner",
    }


def test_a_source_whose_id_is_text_goes_out_as_it_came():
    by_text = event(source_entity_id=None, source_entity_key="3f2c-91")
    assert (said(of=by_text)["source_entity_type"], said(of=by_text)["source_entity_id"]) == ("job", "3f2c-91")
    cloud = json.loads(bytes(outgoing(address(**CLOUD), of=by_text).delivery.body or b""))
    assert cloud["subject"] == "job:3f2c-91"


def test_a_summary_has_its_counts_in_numbers_and_words_and_the_rows_without_payloads():
    body = said(summary=summary(), held=held())
    assert body["event_type"] == "carillon.summary"
    assert body["payload"] == {"kind": "digest", "count": 63, "by_type": summary().by_type}
    assert body["title"] == "2 × review.opened, 60 jobs completed, 1 failed"
    assert body["url"] == "https://carillon.example.com/notifications/summaries/9/"
    assert [one["event_id"] for one in body["notifications"]] == [21, 22]
    assert "secret" not in json.dumps(body)


def test_a_test_says_that_it_is_one():
    body = said()
    assert (body["event_type"], body["timestamp"]) == ("carillon.test", "2026-03-29T12:00:00.123456Z")
    assert "test" in body["payload"]["message"]


def test_the_id_in_the_body_is_that_of_the_header(receiver):
    send(outgoing(address(receiver.url), of=event()))
    assert json.loads(receiver.last.body)["id"] == receiver.last.headers["webhook-id"]
    assert receiver.last.headers["content-type"] == "application/json"


@pytest.mark.parametrize("payload", [{"a": "\ud800"}, {"a": "é🎬\u2028"}, {"a": [None, 1.5, {"b": []}]}, {}])
def test_any_payload_arrives_as_it_was(payload):
    assert said(of=event(payload))["payload"] == payload


def parsed(request: Request) -> Any:
    """By the official SDK, which refuses what breaks the specification."""
    return from_structured_event(HTTPMessage(headers=dict(request.headers), body=request.body), JSONFormat())


def test_a_cloud_event_is_valid_and_carries_the_same(receiver):
    actor = new_person("member", pk=2)
    send(outgoing(address(receiver.url, **CLOUD), of=event(actor_user=actor, project_id=2**40)))
    assert receiver.last.headers["content-type"] == "application/cloudevents+json"
    found = parsed(receiver.last)
    assert (found.get_id(), found.get_source()) == ("msg_20260329120000_3", "https://carillon.example.com")
    assert (found.get_type(), found.get_subject(), found.get_time()) == ("job.completed", "job:4", THEN)
    assert found.get_data() == {"frames": 24}
    expected = {"eventid": "7", "position": "70", "projectid": str(2**40), "actoruserid": "2", "reason": "owner"}
    assert {name: found.get_extension(name) for name in expected} == expected


def test_a_cloud_event_signs_like_any_other(receiver):
    send(outgoing(address(receiver.url, **CLOUD), of=event()))
    assert Webhook(webhook_attempts.SECRET).verify(receiver.last.body, receiver.last.headers)["specversion"] == "1.0"


def test_summaries_and_tests_are_cloud_events_too(receiver):
    to = address(receiver.url, **CLOUD)
    send(outgoing(to, summary=summary(), held=held()), outgoing(to))
    first, second = map(parsed, receiver.requests)
    assert (first.get_type(), first.get_data()["count"], len(first.get_data()["notifications"])) == (
        "carillon.summary",
        63,
        2,
    )
    assert (second.get_type(), second.get_time()) == (
        "carillon.test",
        THEN,
    )
