"""Values that a schema marks as personal can be taken out of a payload, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from events.rules import json_schema, payload_schema
from tests.events.strategies import PAYLOADS

MARKED = {"x-personal": True}


def erased(payload: Any, schema: dict[str, Any], *, name: str | None = None) -> Any:
    """The payload without all that is marked, or without what is this name."""
    compiled = json_schema.compiled(schema)
    return compiled.without_personal(payload, is_theirs=lambda value: name in (None, value))


@pytest.mark.parametrize(
    ("payload", "schema", "left"),
    [
        ({"by": "Ada", "of": "Shot"}, {"properties": {"by": MARKED}}, {"by": "[erased]", "of": "Shot"}),
        ({"age": 36, "vip": True}, {"properties": {"age": MARKED, "vip": MARKED}}, {"age": None, "vip": None}),
        ({"crew": ["Ada", "Bo"]}, {"properties": {"crew": {"items": MARKED}}}, {"crew": ["[erased]", "[erased]"]}),
        ({"by": {"name": "Ada", "at": 3}}, {"properties": {"by": MARKED}}, {"by": {"name": "[erased]", "at": None}}),
        (
            {"a": "Ada", "b": "Bo"},
            {"properties": {"a": {}}, "additionalProperties": MARKED},
            {"a": "Ada", "b": "[erased]"},
        ),
        ({"by": "Ada"}, {"properties": {"by": {"$ref": "#/$defs/n"}}, "$defs": {"n": MARKED}}, {"by": "[erased]"}),
        ({"by": "Ada"}, {"anyOf": [{"properties": {"by": MARKED}}]}, {"by": "[erased]"}),
        ({"by": "Ada"}, {"properties": {"by": {"x-personal": False}}}, {"by": "Ada"}),
    ],
)
def test_what_is_marked_goes(payload, schema, left):
    assert erased(payload, schema) == left


def test_of_others_events_only_the_name_goes():
    schema = {"properties": {"crew": {"items": MARKED}}}
    assert erased({"crew": ["Ada", "Bo"]}, schema, name="Ada") == {"crew": ["[erased]", "Bo"]}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"by": {"x-personal": "yes"}}}, "neither true nor false"),
        (MARKED, "where it isn't looked for"),
        ({"not": {"properties": {"by": MARKED}}}, "where it isn't looked for"),
        ({"patternProperties": {"^by": MARKED}}, "where it isn't looked for"),
    ],
)
def test_a_mark_that_would_do_nothing_is_refused(schema, said):
    with pytest.raises(ValueError, match=said):
        payload_schema.check_schema(schema)


def test_a_property_may_have_the_name_of_the_mark():
    payload_schema.check_schema({"properties": {"x-personal": {"type": "string"}}})


@given(payload=PAYLOADS)
def test_erasing_twice_is_erasing_once(payload):
    schema = {"additionalProperties": MARKED}
    once = erased(payload, schema)
    assert erased(once, schema) == once
    assert once.keys() == payload.keys()
