"""Bounded checks say what the plain validator says, which is slow, obvious, and the reference here."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from events.rules import json_schema

# Patterns and texts that Python and RE2 read alike.
PATTERNS = st.sampled_from(["a", "^a", "b$", "^[ab]+$", "^(ab)*c?$", "a|c", "^.{2}$", "(a+)+b", ""])
KEYS = st.sampled_from(["a", "b", "ab", "abc"])
SCALARS = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.0, 1.5]) | st.text("abc", max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
REFERENCES = st.sampled_from(["#/$defs/d", "#here", "#/$defs/e"])


def keyword(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: value})


PLAIN = st.one_of(
    keyword("type", st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])),
    keyword("pattern", PATTERNS),
    keyword("const", VALUES),
    keyword("enum", st.lists(VALUES, max_size=3)),
    keyword("uniqueItems", st.booleans()),
    keyword("minProperties", st.integers(0, 2)),
    keyword("maxItems", st.integers(0, 2)),
    keyword("required", st.lists(KEYS, max_size=2, unique=True)),
    keyword("dependentRequired", st.dictionaries(KEYS, st.lists(KEYS, max_size=2, unique=True), max_size=2)),
)


def whole(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def nesting(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one = [
        keyword(name, inner)
        for name in (
            *("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames"),
            *("items", "contains", "not", "if", "then", "else"),
        )
    ]
    several = [
        keyword(name, st.lists(inner, min_size=1, max_size=2)) for name in ("allOf", "anyOf", "oneOf", "prefixItems")
    ]
    named = [keyword(name, st.dictionaries(KEYS, inner, max_size=2)) for name in ("properties", "dependentSchemas")]
    by_pattern = keyword("patternProperties", st.dictionaries(PATTERNS, inner, max_size=2))
    return st.lists(st.one_of(*one, *several, *named, by_pattern, PLAIN), min_size=1, max_size=4).map(whole)


def schemas(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(leaves, nesting, max_leaves=6)


# Those in `$defs` refer to nothing: a circle is another matter.
DEFINED = schemas(PLAIN | st.booleans())
SCHEMAS = st.tuples(
    nesting(schemas(PLAIN | st.booleans() | keyword("$ref", REFERENCES) | keyword("$dynamicRef", REFERENCES))),
    DEFINED,
    DEFINED.filter(lambda schema: isinstance(schema, dict)),
).map(lambda drawn: drawn[0] | {"$defs": {"d": drawn[1], "e": drawn[2] | {"$anchor": "here"}}})


@settings(max_examples=300)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=5))
def test_a_payload_is_accepted_by_both_or_by_none(schema, instances):
    bounded, plain = json_schema.compiled(schema), Draft202012Validator(schema)
    for instance in instances:
        assert (bounded.first_error(instance, size=100) is None) == plain.is_valid(instance)


JSON = st.recursive(
    SCALARS | st.sampled_from(["object", "#", "^a"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*Draft202012Validator.VALIDATORS, "$defs", "title"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([*Draft202012Validator.VALIDATORS, "$defs", "definitions", "$anchor"]), JSON))
def test_the_form_of_a_schema_is_right_for_both_or_for_none(schema):
    assert is_in_form(schema) == is_in_form_by_the_draft(schema)


def is_in_form(schema: dict[str, Any]) -> bool:
    try:
        json_schema.compiled(schema)
    except ValueError as error:
        return "not valid JSON Schema" not in str(error)
    return True


def is_in_form_by_the_draft(schema: dict[str, Any]) -> bool:
    try:
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(()))
    except SchemaError:
        return False
    return True
