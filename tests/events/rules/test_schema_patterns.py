"""Patterns of schemas run in linear time, in every keyword that has some, and mean what RE2 says."""

from __future__ import annotations

from typing import Any

import pytest

from events.errors import PayloadRefused
from events.rules import payload_schema

# Of an address: Python's own patterns would take 2^60 steps to find that this one is none.
MAIL = r"^([a-zA-Z0-9_\.\-]+)+@example\.com$"
LONG = "a" * 60 + "!"


def is_accepted(payload: Any, schema: dict[str, Any]) -> bool:
    payload_schema.check_schema(schema)
    try:
        payload_schema.check_payload(payload, schema=schema)
    except PayloadRefused:
        return False
    return True


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"to": {"pattern": MAIL}}},
        {"patternProperties": {MAIL: True}, "additionalProperties": False},
        {"patternProperties": {MAIL: True}, "unevaluatedProperties": False},
        {"allOf": [{"patternProperties": {MAIL: True}}], "unevaluatedProperties": False},
        {"propertyNames": {"pattern": MAIL}},
        {"anyOf": [{"patternProperties": {MAIL: False}, "minProperties": 3}, {"propertyNames": {"pattern": MAIL}}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"to": {"pattern": MAIL}}}}},
        # What leads stock validators back to their own keywords.
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"to": {"pattern": MAIL}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "allOf": [{"properties": {"to": {"pattern": MAIL}}}]},
        {"$id": "https://example.com/mail", "properties": {"to": {"pattern": MAIL}}},
    ],
    ids=str,
)
def test_a_pattern_that_never_ends_elsewhere_refuses_at_once(schema):
    names = "to" if "properties" in str(schema) else LONG
    assert not is_accepted({names: LONG}, schema)


def test_a_pattern_is_found_anywhere_in_a_text():
    assert is_accepted({"a": "xxbxx"}, {"properties": {"a": {"pattern": "b"}}})


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("^a$", "a\n", False),
        (r"^\d$", "٣", False),
        (r"^\w$", "é", False),
        (r"^\pL$", "é", True),
        ("^.$", "\n", False),
        ("(?i)^é$", "É", True),
        (r"^a\z", "a", True),
    ],
)
def test_patterns_mean_what_re2_says(pattern, text, is_found):
    assert is_accepted({"a": text}, {"properties": {"a": {"pattern": pattern}}}) == is_found


UNUSABLE = [
    ("a(?=b)", "invalid perl operator: (?="),
    (r"(a)\1", r"invalid escape sequence: \\1"),
    ("a{1001}", "invalid repetition size: {1001}"),
    (r"\pL{1,900}", "pattern too large"),
    ("(", "missing ): ("),
    ("a" * 4001, "longer than 4000"),
]


@pytest.mark.parametrize(("pattern", "reason"), UNUSABLE, ids=lambda value: value[:10])
@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_a_pattern_that_cannot_be_compiled_is_refused_by_name_and_reason(pattern, reason, keyword):
    schema = {"properties": {"a": {keyword: pattern if keyword == "pattern" else {pattern: True}}}}
    with pytest.raises(ValueError, match=r"^schema has the pattern '") as caught:
        payload_schema.check_schema(schema)
    assert repr(pattern[:20])[:-1] in str(caught.value)
    assert reason.replace("\\\\", "\\") in str(caught.value)


@pytest.mark.parametrize(("pattern", "_reason"), UNUSABLE, ids=lambda value: value[:10])
def test_one_that_is_stored_refuses_every_payload_of_its_type(pattern, _reason):
    with pytest.raises(PayloadRefused, match="the schema of its type is broken") as caught:
        payload_schema.check_payload({}, schema={"properties": {"a": {"pattern": pattern}}})
    assert caught.value.code == "payload_schema"
