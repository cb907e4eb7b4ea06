"""Whatever schema is accepted, a check of a payload ends: it has so many steps, and so many visits of patterns."""

from __future__ import annotations

from typing import Any

import pytest

from events.errors import PayloadRefused
from events.rules import payload_schema
from tests.events.strategies import nested

NAMES = {f"k{number}": number for number in range(2_000)}
OBJECTS = {"l": [{"a": number} for number in range(2_000)]}
NUMBERS = {"l": [0] * 10_000}
MIXED = {"l": [{"a": number} if number % 2 else [number] for number in range(2_000)]}
# Whole numbers that all have one hash in Python.
ALIKE = {"l": [number * (2**61 - 1) for number in range(10_000)]}


def of_list(**keywords: Any) -> dict[str, Any]:
    return {"properties": {"l": keywords}}


def doubled(**keyword: Any) -> dict[str, Any]:
    """Twenty definitions, each of which asks the next one twice."""
    steps = {f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(20)}
    return {"$defs": steps | {"d20": keyword}, "$ref": "#/$defs/d0"}


ENDLESS = [
    ({"properties": {"in": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}, nested(30)),
    ({"properties": {"in": {"not": {"$ref": "#"}}}, "not": {"unevaluatedProperties": {"$ref": "#"}}}, nested(30)),
    (of_list(allOf=[{"items": {}}] * 100), OBJECTS),
    (of_list(allOf=[{"items": True}] * 100), NUMBERS),
    (of_list(allOf=[{"contains": {}}] * 100), OBJECTS),
    (of_list(allOf=[{"unevaluatedItems": {}}] * 100), OBJECTS),
    (of_list(allOf=[{"uniqueItems": True}] * 500), MIXED),
    ({"allOf": [{"propertyNames": {}}] * 100}, NAMES),
    ({"allOf": [{"additionalProperties": {}}] * 100}, NAMES),
    ({"allOf": [{"unevaluatedProperties": {}}] * 100}, NAMES),
    ({"patternProperties": {f"^a{number}": True for number in range(100)}}, NAMES),
    ({"anyOf": [{"type": "string"}] * 2000}, NAMES),
    ({"anyOf": [{"not": {"description": "x" * 100}}] * 2000}, NAMES),
    (of_list(anyOf=[{"const": {"k": [0] * 50}}] * 1000), NUMBERS),
    (of_list(pattern="[ab]*a[ab]{900}"), {"l": "ab" * 125_000}),
    (
        of_list(items={"allOf": [{"not": {"pattern": f"[ab]*a[ab]{{{number}}}c"}} for number in range(400, 500)]}),
        {"l": ["ab" * 500] * 100},
    ),
]


@pytest.mark.parametrize(("schema", "payload"), ENDLESS, ids=lambda value: str(value)[:60])
def test_what_would_take_for_ever_is_refused_instead(schema, payload):
    payload_schema.check_schema(schema)
    with pytest.raises(PayloadRefused, match="takes too long") as caught:
        payload_schema.check_payload(payload, schema=schema)
    assert caught.value.code == "payload_schema"


@pytest.mark.parametrize(
    "schema",
    [
        doubled(type="object"),
        doubled(properties={"a": True}) | {"unevaluatedProperties": False},
        {"$defs": {"d": {"required": [f"k{n}" for n in range(1000)]}}, "anyOf": [{"$ref": "#/$defs/d"}] * 1000},
        {"type": [{}, *range(20_000)]},
        {"required": [{}, *range(20_000)]},
        {"allOf": [{"title": 1}] * 10_000},
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_schema_that_takes_for_ever_by_itself_is_refused(schema):
    with pytest.raises(ValueError, match=r"takes too long|not valid JSON Schema"):
        payload_schema.check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (of_list(items={"type": "integer", "minimum": 0, "maximum": 9}), NUMBERS),
        (of_list(uniqueItems=True), MIXED),
        (of_list(uniqueItems=True), ALIKE),
        (of_list(items={"enum": [*range(5000)]}), NUMBERS),
        (
            of_list(items={"properties": {"a": {"minimum": 0}}, "required": ["a"], "additionalProperties": False}),
            OBJECTS,
        ),
        (of_list(items={"type": "string", "pattern": "^[a-z]+$"}), {"l": ["abc" * 30] * 2500}),
        (of_list(pattern=r"^[\pL\pN .-]+$"), {"l": "é" * 60_000}),
        ({"properties": {name: {"pattern": "^.{0,1000}$"} for name in "abcde"}}, dict.fromkeys("abcde", "x" * 999)),
        ({"additionalProperties": {"type": "integer"}}, NAMES),
    ],
    ids=lambda value: str(value)[:60],
)
def test_great_payloads_are_checked_to_the_end(schema, payload):
    payload_schema.check_schema(schema)
    payload_schema.check_payload(payload, schema=schema)


def test_a_schema_has_a_greatest_size():
    with pytest.raises(ValueError, match="at most 262144"):
        payload_schema.check_schema({"description": "x" * 262_144})


def test_a_refusal_names_a_long_place_in_short():
    with pytest.raises(PayloadRefused) as caught:
        payload_schema.check_payload({"k" * 100_000: 1}, schema={"additionalProperties": False})
    assert len(caught.value.detail) < 600
    with pytest.raises(PayloadRefused) as caught:
        payload_schema.check_payload({"k" * 100_000: [float("nan")]}, schema=None)
    assert len(caught.value.detail) < 600
