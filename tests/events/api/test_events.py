"""POST /events and GET /events."""

from __future__ import annotations

import json

import pytest

from events import api_keys
from events.api.serializers import EventOut, event_json
from events.dispatch.sequencer import number
from events.models import Event, EventType
from tests.api_client import V1, as_, bearing, codes

EVENTS = f"{V1}/events"
DONE = {"event_type": "job.completed"}
# Sixty letters and a ! hold Python's own engine for years.
NEVER_ENDING = r"^([a-zA-Z0-9_\.\-]+)+@example\.com$"


def test_an_event_comes_back_as_it_was_stored(publisher, member):
    sent = {
        "event_type": "job.completed",
        "source_entity_type": "job",
        "source_entity_id": 7,
        "actor_user_id": member.pk,
        "project_id": 3,
        "payload": {"name": "Shot 042"},
    }
    answer = as_(publisher).post(EVENTS, sent)
    assert answer.status_code == 201
    body = answer.json()
    assert body.pop("created_at").endswith("Z")
    assert body == sent | {"id": Event.objects.get().pk, "position": None, "category": "job", "is_critical": False}


def test_events_look_as_the_schema_of_the_api_says(publisher, member):
    as_(publisher).post(EVENTS, [DONE | {"actor_user_id": member.pk, "payload": {"name": "Shot 042"}}, DONE])
    number(limit=10)
    for event in Event.objects.select_related("event_type"):
        assert event_json(event) == dict(EventOut(event).data)


def test_the_publisher_is_recorded_and_the_actor_nobody_by_default(publisher):
    as_(publisher).post(EVENTS, DONE)
    event = Event.objects.get()
    assert (event.publisher, event.actor_user_id) == (f"user:{publisher.pk}", None)


def test_who_lacks_the_permission_is_refused(owner):
    answer = as_(owner).post(EVENTS, DONE)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_the_same_key_and_content_answer_with_the_first_event(publisher):
    client = as_(publisher)
    first = client.post(EVENTS, DONE, headers={"Idempotency-Key": "k"})
    again = client.post(EVENTS, DONE, headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_the_same_key_with_other_content_is_a_conflict(publisher):
    client = as_(publisher)
    client.post(EVENTS, DONE | {"idempotency_key": "k"})
    answer = client.post(EVENTS, {"event_type": "job.failed"}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_two_people_may_use_the_same_key(publisher, admin):
    assert as_(publisher).post(EVENTS, DONE | {"idempotency_key": "k"}).status_code == 201
    assert as_(admin).post(EVENTS, {"event_type": "job.failed", "idempotency_key": "k"}).status_code == 201


def test_over_an_array_the_key_counts_the_elements(publisher):
    client = as_(publisher)
    assert client.post(EVENTS, [DONE, DONE], headers={"Idempotency-Key": "k"}).status_code == 201
    assert set(Event.objects.values_list("idempotency_key", flat=True)) == {"k#0", "k#1"}
    assert client.post(EVENTS, [DONE, DONE], headers={"Idempotency-Key": "k"}).status_code == 200


def test_a_header_and_a_field_that_differ_are_refused(publisher):
    answer = as_(publisher).post(EVENTS, DONE | {"idempotency_key": "a"}, headers={"Idempotency-Key": "b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "two_idempotency_keys")


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_unusable_header_key_is_refused(publisher, key):
    answer = as_(publisher).post(EVENTS, DONE, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


def test_an_array_is_answered_in_its_order(publisher):
    answer = as_(publisher).post(EVENTS, [DONE, {"event_type": "job.failed"}])
    assert [event["event_type"] for event in answer.json()] == ["job.completed", "job.failed"]


def test_of_an_array_with_one_bad_element_nothing_is_stored(publisher):
    answer = as_(publisher).post(EVENTS, [DONE, {"event_type": "job.complete"}])
    assert codes(answer) == {"[1].event_type": "unknown_event_type"}
    assert "job.completed" in answer.json()["detail"]
    assert not Event.objects.exists()


def test_every_bad_element_is_named(publisher):
    answer = as_(publisher).post(EVENTS, [{}, DONE, {"event_type": 5, "colour": "red"}])
    assert codes(answer) == {
        "[0].event_type": "required",
        "[2].event_type": "invalid",
        "[2].colour": "unknown_field",
    }


@pytest.mark.parametrize("events", [[], [DONE] * 1001])
def test_a_batch_has_one_to_a_thousand_events(publisher, events):
    answer = as_(publisher).post(EVENTS, events)
    assert answer.status_code == 400
    assert codes(answer) == {"": "batch_size"}


def test_a_batch_costs_the_same_queries_as_one(publisher, django_assert_num_queries):
    client = as_(publisher)
    client.post(EVENTS, DONE)
    with django_assert_num_queries(8):
        client.post(EVENTS, [DONE] * 50)
    with django_assert_num_queries(8):
        client.post(EVENTS, [DONE] * 2)


def test_a_type_that_is_switched_off_is_a_conflict(publisher):
    EventType.objects.filter(name="job.completed").update(is_active=False)
    answer = as_(publisher).post(EVENTS, DONE)
    assert (answer.status_code, answer.json()["code"]) == (409, "event_type_inactive")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"event_type": "job.nothing"}, {"event_type": "unknown_event_type"}),
        ({"event_type": ""}, {"event_type": "blank"}),
        ({"event_type": None}, {"event_type": "null"}),
        ({"colour": "red"}, {"colour": "unknown_field"}),
        ({"source_entity_id": 1}, {"source_entity_type": "invalid_entity"}),
        ({"source_entity_type": "job"}, {"source_entity_id": "invalid_entity"}),
        ({"source_entity_type": "Job 1", "source_entity_id": 1}, {"source_entity_type": "invalid_entity"}),
        ({"source_entity_type": "job", "source_entity_id": ""}, {"source_entity_id": "invalid_entity"}),
        ({"source_entity_type": "job", "source_entity_id": "a b"}, {"source_entity_id": "invalid_entity"}),
        ({"source_entity_type": "job", "source_entity_id": "x" * 201}, {"source_entity_id": "invalid_entity"}),
        ({"source_entity_type": "job", "source_entity_id": True}, {"source_entity_id": "invalid"}),
        ({"source_entity_type": "job", "source_entity_id": ["a"]}, {"source_entity_id": "invalid"}),
        ({"source_entity_type": "job", "source_entity_id": 2**63}, {"source_entity_id": "max_value"}),
        ({"source_entity_type": "job", "source_entity_id": -1}, {"source_entity_id": "min_value"}),
        ({"actor_user_id": 2**40}, {"actor_user_id": "unknown_user"}),
        ({"actor_user_id": 2**70}, {"actor_user_id": "max_value"}),
        ({"actor_user_id": True}, {"actor_user_id": "invalid"}),
        ({"project_id": 1.5}, {"project_id": "invalid"}),
        ({"payload": []}, {"payload": "not_an_object"}),
        ({"payload": None}, {"payload": "null"}),
        ({"payload": {"progress": "half"}}, {"payload": "payload_schema"}),
        ({"event_type": "collab.mention", "payload": {"mentioned_user_ids": ["1"]}}, {"payload": "payload_schema"}),
        ({"event_type": "collab.mention", "payload": {"mentioned_user_ids": [2**64]}}, {"payload": "payload_schema"}),
        ({"idempotency_key": "x" * 201}, {"idempotency_key": "max_length"}),
    ],
)
def test_bad_fields_are_named(publisher, change, expected):
    answer = as_(publisher).post(EVENTS, DONE | change)
    assert (answer.status_code, codes(answer)) == (400, expected)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (r'{"event_type": "job.completed", "payload": {"a": "\u0000"}}', 400, "nul"),
        (r'{"event_type": "job.completed", "payload": {"a": "\ud800"}}', 400, "surrogate"),
        ('{"event_type": "job.completed", "payload": {"a": NaN}}', 400, "nan"),
        ('{"event_type": "job.completed", "payload": {"a": 1e999}}', 400, "payload_nan"),
        ('{"event_type": "job.completed", "payload": ' + '{"a":' * 200 + "1" + "}" * 201, 400, "too_deep"),
        ('{"event_type": "job.completed", "payload": ' + '{"a":' * 40 + "1" + "}" * 41, 400, "payload_too_deep"),
        (json.dumps(DONE | {"payload": {"a": "x" * 300_000}}), 413, "payload_too_large"),
        (json.dumps([DONE | {"payload": {"a": "x" * 200_000}}] * 50), 413, "too_large"),
        ('"job.completed"', 400, "invalid"),
        ("{", 400, "invalid_json"),
    ],
)
def test_bad_bodies_are_named(publisher, raw, status, code):
    answer = as_(publisher).post(EVENTS, raw, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Event.objects.exists()


def test_only_json_is_taken(publisher):
    answer = as_(publisher).post(EVENTS, "a=1", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_restricted_key_publishes_its_types_only(publisher):
    _key, text = api_keys.issue(publisher, publish_patterns=["job.*"])
    client = bearing(text)
    assert client.post(EVENTS, DONE).status_code == 201
    answer = client.post(EVENTS, [DONE, {"event_type": "review.approved"}])
    assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")
    assert Event.objects.count() == 1


def test_a_restricted_key_makes_owners_only_of_what_it_covers(publisher, member):
    """Publishing a type whose actor becomes the owner writes a membership."""
    _key, text = api_keys.issue(publisher, publish_patterns=["job.*"])
    job = {
        "event_type": "job.submitted",
        "source_entity_type": "job",
        "source_entity_id": 7,
        "actor_user_id": member.pk,
    }
    assert bearing(text).post(EVENTS, job).status_code == 201
    answer = bearing(text).post(EVENTS, [job, job | {"source_entity_type": "project"}])
    assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")
    about = bearing(text).post(EVENTS, job | {"event_type": "job.started", "source_entity_type": "project"})
    assert (about.status_code, Event.objects.count()) == (201, 2)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"to": {"pattern": NEVER_ENDING}}},
        {"patternProperties": {NEVER_ENDING: True}, "additionalProperties": False},
        {"patternProperties": {NEVER_ENDING: True}, "unevaluatedProperties": False},
    ],
    ids=lambda schema: next(reversed(schema)),
)
def test_no_pattern_of_a_type_holds_the_process_up(publisher, schema):
    EventType.objects.create(name="job.mailed", category="job", schema=schema)
    _key, text = api_keys.issue(publisher, publish_patterns=["job.*"])
    letters = "a" * 60 + "!"
    answer = bearing(text).post(EVENTS, {"event_type": "job.mailed", "payload": {"to": letters, letters: 1}})
    assert (answer.status_code, codes(answer)) == (400, {"payload": "payload_schema"})


def test_a_schema_with_a_pattern_that_cannot_be_compiled_refuses_events(publisher):
    EventType.objects.create(name="job.mailed", category="job", schema={"properties": {"to": {"pattern": "a(?=b)"}}})
    answer = as_(publisher).post(EVENTS, {"event_type": "job.mailed"})
    assert (answer.status_code, codes(answer)) == (400, {"payload": "payload_schema"})
    assert "the schema of its type is broken" in answer.json()["detail"]


def test_a_restricted_key_of_one_without_the_permission_publishes_nothing(owner):
    _key, text = api_keys.issue(owner, publish_patterns=["*"])
    assert bearing(text).post(EVENTS, DONE).status_code == 403


def test_the_log_is_read_by_position(admin):
    client = as_(admin)
    client.post(EVENTS, [DONE, {"event_type": "review.approved"}, {"event_type": "job.failed"}])
    assert client.get(EVENTS).json() == []
    number()
    assert [event["position"] for event in client.get(EVENTS).json()] == [1, 2, 3]
    assert [event["position"] for event in client.get(EVENTS, {"after": 2}).json()] == [3]
    assert [event["position"] for event in client.get(EVENTS, {"type": "job.*"}).json()] == [1, 3]
    assert client.get(EVENTS, {"type": "job"}).json() == []


def test_the_log_links_to_where_it_goes_on(admin):
    client = as_(admin)
    client.post(EVENTS, [DONE] * 3)
    number()
    first = client.get(EVENTS, {"limit": 2})
    assert 'rel="next"' in first["Link"]
    following = client.get(first["Link"].split("<")[2].split(">")[0])
    assert [event["position"] for event in following.json()] == [3]
    assert 'rel="next"' not in following["Link"]


def test_the_log_needs_its_permission(publisher):
    assert as_(publisher).get(EVENTS).status_code == 403


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"after": "x"}, {"after": "invalid"}),
        ({"after": "-1"}, {"after": "min_value"}),
        ({"after": "9" * 30}, {"after": "invalid"}),
        ({"limit": "0"}, {"limit": "min_value"}),
        ({"limit": "101"}, {"limit": "max_value"}),
        ({"limit": ["1", "2"]}, {"limit": "repeated"}),
        ({"afterwards": "1"}, {"afterwards": "unknown_field"}),
    ],
)
def test_bad_query_parameters_are_named(admin, query, expected):
    assert codes(as_(admin).get(EVENTS, query)) == expected
