"""A schema is one document: it refers to nothing but itself, and checking fetches nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from events.errors import PayloadRefused
from events.rules import payload_schema

ELSEWHERE = "http://127.0.0.1:PORT/schema.json"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": ELSEWHERE},
        {"$dynamicRef": ELSEWHERE},
        {"$dynamicRef": ELSEWHERE + "#node"},
        {"$id": ELSEWHERE, "$ref": "other.json"},
        {"$id": ELSEWHERE, "$dynamicRef": "//127.0.0.1:PORT/other.json"},
        {"unevaluatedProperties": False, "$dynamicRef": ELSEWHERE},
        {"properties": {"a": {"unevaluatedItems": False, "$ref": ELSEWHERE}}},
        {"properties": {"a": {"$id": ELSEWHERE, "$ref": "#/$defs/b", "$defs": {"b": {}}}}},
        {"properties": {"a": {"$schema": ELSEWHERE}}},
        {"$ref": "#/anywhere", "anywhere": {"$dynamicRef": ELSEWHERE}},
    ],
    ids=str,
)
def test_a_schema_that_leads_elsewhere_is_refused_and_nothing_is_fetched(listening, schema):
    leading = json.loads(json.dumps(schema).replace("PORT", str(listening.getsockname()[1])))
    with pytest.raises(ValueError, match=r"may only refer to itself|below its top"):
        payload_schema.check_schema(leading)
    with pytest.raises(PayloadRefused, match="the schema of its type is broken"):
        payload_schema.check_payload({"a": [1]}, schema=leading)
    with pytest.raises(TimeoutError):
        listening.accept()


@pytest.mark.parametrize("keyword", ["const", "default"])
@pytest.mark.parametrize("data", ["$ref", "$dynamicRef", "$id", "$schema", "pattern"])
def test_what_only_looks_like_a_reference_is_data(keyword, data):
    payload = {"a": {data: "https://example.com/("}}
    schema = {
        "properties": {"a": {keyword: payload["a"], "enum": [payload["a"]], "examples": [payload["a"]]}},
        "required": ["a"],
    }
    payload_schema.check_schema(schema)
    payload_schema.check_payload(payload, schema=schema)


@pytest.mark.parametrize("name", ["$ref", "$id", "$schema", "$dynamicRef", "pattern", "properties"])
def test_a_property_may_be_named_like_a_keyword(name):
    schema = {"properties": {name: {"type": "string"}}}
    payload_schema.check_schema(schema)
    payload_schema.check_payload({name: "text"}, schema=schema)
    with pytest.raises(PayloadRefused, match="is not of type 'string'"):
        payload_schema.check_payload({name: 1}, schema=schema)


NUMBER = {"type": "integer"}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": NUMBER}},
        {"properties": {"a": {"$ref": "#n"}}, "$defs": {"n": NUMBER | {"$anchor": "n"}}},
        {"properties": {"a": {"$dynamicRef": "#n"}}, "$defs": {"n": NUMBER | {"$dynamicAnchor": "n"}}},
        {"properties": {"a": {"$ref": "#/$defs/a~1b%25~0"}}, "$defs": {"a/b%~": NUMBER}},
        {"properties": {"a": {"$ref": "#/allOf/1"}}, "allOf": [True, {"type": ["integer", "object"]}]},
        {"properties": {"a": {"$ref": "#/components/n"}}, "components": {"n": NUMBER}},
        {
            "$id": "https://example.com/whole",
            "properties": {"a": {"$ref": "#/definitions/n"}},
            "definitions": {"n": NUMBER},
        },
    ],
    ids=str,
)
def test_a_reference_into_the_schema_itself_means_what_is_there(schema):
    payload_schema.check_schema(schema)
    payload_schema.check_payload({"a": 1}, schema=schema)
    with pytest.raises(PayloadRefused, match="is not of type 'integer'"):
        payload_schema.check_payload({"a": "x"}, schema=schema)


@pytest.mark.parametrize(
    "reference", ["#/nowhere", "#nothing", "#/allOf/7", "#/allOf/x", "#/title/0", "#/required", "#/allOf/0/pattern"]
)
def test_a_reference_to_what_is_no_schema_is_refused(reference):
    schema = {"title": "t", "required": ["a"], "allOf": [{"pattern": "a"}], "not": {"$ref": reference}}
    with pytest.raises(ValueError, match=r"leads nowhere|not valid JSON Schema"):
        payload_schema.check_schema(schema)


def test_a_tree_may_refer_to_itself():
    tree = {"type": "object", "properties": {"in": {"$ref": "#"}}, "additionalProperties": False}
    payload_schema.check_schema(tree)
    payload_schema.check_payload({"in": {"in": {}}}, schema=tree)
    with pytest.raises(PayloadRefused, match=r"payload \$\.in\.in"):
        payload_schema.check_payload({"in": {"in": {"out": 1}}}, schema=tree)
