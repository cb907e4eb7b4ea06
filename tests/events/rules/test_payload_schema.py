"""What is refused is what a database could not give back; what is accepted comes back as it went in."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from events.errors import PayloadRefused
from events.models import Event, EventType
from events.rules import payload_schema
from tests.events.strategies import PAYLOADS, SCALARS, TEXT, buried, nested, rounded

ROUND_TRIPS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refusal(payload: Any, *, schema: dict[str, Any] | None = None) -> PayloadRefused:
    with pytest.raises(PayloadRefused) as caught:
        payload_schema.check_payload(payload, schema=schema)
    return caught.value


def stored(payload: dict[str, Any]) -> Any:
    event = Event.objects.create(event_type=EventType.objects.get(name="job.started"), payload=payload)
    return Event.objects.get(pk=event.pk).payload


@ROUND_TRIPS
@given(PAYLOADS)
def test_what_is_accepted_comes_back_as_it_went_in(db, payload):
    payload_schema.check_payload(payload, schema=None)
    assert rounded(stored(payload)) == rounded(payload)


@given(st.data(), st.sampled_from(["\x00", "a\x00b", "\ud800", "x\udfff"]))
def test_text_that_a_database_cannot_hold_is_refused_wherever_it_is(data, text):
    assert refusal(data.draw(buried(text))).code in {"payload_nul", "payload_surrogate"}
    assert refusal({"outer": {text: 1}}).code in {"payload_nul", "payload_surrogate"}


@given(st.data(), st.sampled_from([float("nan"), float("inf"), float("-inf")]))
def test_numbers_that_are_not_json_are_refused_wherever_they_are(data, number):
    assert refusal(data.draw(buried(number))).code == "payload_nan"


@given(st.data(), st.sampled_from([b"bytes", Decimal("1"), {1, 2}, object(), 1j]))
def test_values_that_are_not_json_are_refused_with_their_kind(data, value):
    found = refusal(data.draw(buried(value)))
    assert found.code == "payload_type"
    assert type(value).__name__ in found.detail


@given(SCALARS | st.lists(SCALARS))
def test_a_payload_is_an_object(value):
    assert refusal(value).code == "not_an_object"


@given(st.integers(1, 32))
def test_thirty_two_levels_are_accepted(depth):
    payload_schema.check_payload(nested(depth), schema=None)


@given(st.integers(33, 3000))
def test_a_thirty_third_level_is_refused_without_exhausting_the_stack(depth):
    assert refusal(nested(depth)).code == "payload_too_deep"


@given(st.integers(33, 3000))
def test_lists_count_as_levels_too(depth):
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    assert refusal({"in": value}).code == "payload_too_deep"


def test_a_payload_that_holds_itself_is_refused():
    endless: dict[str, Any] = {}
    endless["in"] = endless
    assert refusal(endless).code == "payload_too_deep"


@given(st.sampled_from(["a", "é", "漢", "😀"]), st.integers(-3, 3))
def test_the_limit_is_in_bytes_as_stored(letter, over):
    frame = len(json.dumps({"text": ""}))
    width = len(letter.encode())
    letters = (payload_schema.MAX_BYTES - frame) // width + over
    payload = {"text": letter * letters}
    if frame + letters * width <= payload_schema.MAX_BYTES:
        payload_schema.check_payload(payload, schema=None)
    else:
        assert refusal(payload).code == "payload_too_large"


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**5000], ids=["great", "least", "too long to print"])
def test_a_number_beyond_what_json_readers_hold_is_refused(number):
    assert refusal({"n": number}).code == "payload_type"


@given(TEXT)
def test_a_refusal_names_the_place(key):
    assume(key)
    assert refusal({"outer": [0, {key: float("nan")}]}).path.startswith("$.outer[1].")


def test_the_schema_names_the_place_and_what_it_wants():
    schema = {"properties": {"n": {"type": "integer"}}}
    assert refusal({"n": "x"}, schema=schema).detail == "payload $.n: is not of type 'integer'; it is 'x'"


UNUSABLE = [
    {"$ref": "#"},
    {"$ref": "#/nowhere"},
    {"$ref": "https://example.com/schema"},
    {"type": "no such type"},
    {"pattern": "("},
    {"minimum": float("nan")},
    {"description": "\x00"},
    [],
    "text",
]


@pytest.mark.parametrize("schema", UNUSABLE, ids=str)
def test_a_schema_that_could_not_be_used_is_refused(schema):
    with pytest.raises(ValueError, match="schema"):
        payload_schema.check_schema(schema)


@pytest.mark.parametrize("schema", [one for one in UNUSABLE if isinstance(one, dict)][:4], ids=str)
def test_a_schema_that_came_in_unchecked_refuses_payloads_instead_of_breaking(schema):
    assert refusal({"n": 1}, schema=schema).code == "payload_schema"


def test_a_schema_that_came_in_with_a_number_beyond_all_bounds_refuses_too():
    assert refusal({"n": 1.5}, schema={"properties": {"n": {"multipleOf": 10**400}}}).code == "payload_schema"


@pytest.mark.parametrize("schema", [None, {}, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}], ids=str)
def test_a_schema_may_refer_to_itself(schema):
    payload_schema.check_schema(schema)
    payload_schema.check_payload({"n": 1}, schema=schema)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8))
def test_checking_a_schema_accepts_or_refuses_and_never_breaks(schema):
    with contextlib.suppress(ValueError):
        payload_schema.check_schema(schema)
