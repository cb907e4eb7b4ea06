"""Personal values in payloads: what a schema marks with `"x-personal": true`, and how it is erased."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from referencing.jsonschema import DRAFT202012

MARK = "x-personal"
# Stands where a text was.
ERASED = "[erased]"
_BRANCHES = ("allOf", "anyOf", "oneOf")
_REFERENCES = ("$ref", "$dynamicRef")
_WHERE = "a property, items, additionalProperties, or a part that allOf, anyOf, oneOf or $ref leads to"

Targets = Mapping[str, Any]
Test = Callable[[Any], bool]


def check_marks(root: dict[str, Any], *, targets: Targets) -> bool:
    """Tell whether a schema has marks. ValueError for one that isn't true or false, or stands where none is looked
    for."""
    looked_into = {id(schema) for schema in _closure([root], lambda schema: _parts(schema, targets))}
    every = _closure([root, *targets.values()], DRAFT202012.subresources_of)
    marked = [schema for schema in every if MARK in schema]
    for schema in marked:
        if not isinstance(schema[MARK], bool):
            raise ValueError(f"has an {MARK} that is neither true nor false")
        if schema is root or id(schema) not in looked_into:
            raise ValueError(f"has {MARK} where it isn't looked for; mark {_WHERE}")
    return any(schema[MARK] for schema in marked)


def erase(value: Any, *, schema: Any, targets: Targets, is_theirs: Test) -> Any:
    """Copy a value without what its schema marks and `is_theirs` says yes to: texts become `[erased]`, others null."""
    if not isinstance(schema, dict):
        return value
    if schema.get(MARK) is True:
        return _blank(value, is_theirs)
    for part in _in_place(schema, targets):
        value = erase(value, schema=part, targets=targets, is_theirs=is_theirs)
    if isinstance(value, dict):
        named, others = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            key: erase(inner, schema=named.get(key, others), targets=targets, is_theirs=is_theirs)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        items = schema.get("items")
        return [erase(inner, schema=items, targets=targets, is_theirs=is_theirs) for inner in value]
    return value


def _blank(value: Any, is_theirs: Test) -> Any:
    if isinstance(value, dict):
        return {key: _blank(inner, is_theirs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_blank(inner, is_theirs) for inner in value]
    if not is_theirs(value):
        return value
    return ERASED if isinstance(value, str) else None


def _in_place(schema: dict[str, Any], targets: Targets) -> Iterator[Any]:
    yield from (targets[schema[keyword]] for keyword in _REFERENCES if keyword in schema)
    for keyword in _BRANCHES:
        yield from schema.get(keyword, ())


def _parts(schema: dict[str, Any], targets: Targets) -> Iterator[Any]:
    """Parts of a schema that `erase` looks into."""
    yield from _in_place(schema, targets)
    yield from schema.get("properties", {}).values()
    yield from (schema[keyword] for keyword in ("additionalProperties", "items") if keyword in schema)


def _closure(first: Iterable[Any], parts: Callable[[dict[str, Any]], Iterable[Any]]) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    todo = list(first)
    while todo:
        schema = todo.pop()
        if isinstance(schema, dict) and id(schema) not in found:
            found[id(schema)] = schema
            todo += parts(schema)
    return list(found.values())
