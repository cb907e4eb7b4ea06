"""Payloads: what can be stored at all, and what a type's JSON Schema asks for."""

import json
import math
import re
import sys
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType
from referencing.exceptions import Unresolvable

from events.errors import PayloadRefused

# A place in a payload, piece by piece: spelled out for each value, a long key would cost the square of its length.
Path = tuple[str, ...]
MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
# The greatest number that JSON readers hold: others would take a longer one for infinity.
_GREATEST = int(sys.float_info.max)
# What a schema that came in without `check_schema` (by SQL) may end in.
_UNUSABLE = (Unresolvable, UnknownType, RecursionError, re.error, TypeError)


def check_schema(schema: Any) -> None:
    """ValueError unless it is None or a valid JSON Schema of draft 2020-12 without references to elsewhere."""
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise ValueError("schema must be a JSON object, or empty for no schema")
    try:
        _check_value(schema, path=("$",))
        Draft202012Validator.check_schema(schema)
    except PayloadRefused as refusal:
        raise ValueError(f"schema can't be stored: {refusal.detail.removeprefix('payload ')}") from refusal
    except SchemaError as error:
        raise ValueError(f"schema is not valid JSON Schema: {error.message}") from error
    if any(not ref.startswith("#") for ref in _references(schema)):
        raise ValueError("schema may only refer to itself ($ref that begins with #)")
    for ref in _references(schema):
        try:
            Draft202012Validator({"$ref": ref} | {key: schema[key] for key in schema if key != "$ref"}).is_valid({})
        except _UNUSABLE as error:
            raise ValueError(f"schema has a $ref that leads nowhere, or round in a circle: {ref}") from error


def check_payload(payload: Any, *, schema: dict[str, Any] | None) -> None:
    """Raise PayloadRefused for what no database here stores the same way, and for what the schema refuses.

    NUL breaks PostgreSQL's jsonb, NaN and Infinity are not JSON, a lone surrogate can't be encoded.
    """
    if not isinstance(payload, dict):
        raise PayloadRefused("is not a JSON object", code="not_an_object")
    _check_value(payload, path=("$",))
    size = len(json.dumps(payload, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        raise PayloadRefused(f"is {size} bytes, at most {MAX_BYTES} are accepted", code="payload_too_large")
    if schema:
        _check_against(schema, payload)


def _check_against(schema: dict[str, Any], payload: dict[str, Any]) -> None:
    try:
        error = next(Draft202012Validator(schema).iter_errors(payload), None)
    except _UNUSABLE as broken:
        raise PayloadRefused(
            "can't be checked: the schema of its type is broken; an admin can mend it", code="payload_schema"
        ) from broken
    if error is not None:
        raise PayloadRefused(error.message[:300], code="payload_schema", path=error.json_path)


def is_same(one: Any, other: Any) -> bool:
    """Compare two payloads: PostgreSQL gives 1e+23 back as a whole number, and in Python True is 1."""
    return bool(_exact(one) == _exact(other))


def _exact(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_int=_number, parse_float=_number)


def _number(digits: str) -> tuple[Decimal]:
    return (Decimal(digits),)


def _check_value(value: Any, *, path: Path) -> None:
    if isinstance(value, dict | list | tuple) and len(path) > MAX_DEPTH:
        raise PayloadRefused(f"is nested deeper than {MAX_DEPTH}", code="payload_too_deep", path=_shown(path))
    match value:
        case dict():
            for key, inner in value.items():
                _check_key(key, path=path)
                _check_value(inner, path=(*path, f".{key}"))
        case list() | tuple():
            for number, inner in enumerate(value):
                _check_value(inner, path=(*path, f"[{number}]"))
        case str():
            _check_text(value, path=path)
        case float():
            if not math.isfinite(value):
                raise PayloadRefused(f"is {value}, which is not JSON", code="payload_nan", path=_shown(path))
        case None | bool():
            pass
        case int():
            if abs(value) > _GREATEST:
                raise PayloadRefused("is a number beyond 1.8e308", code="payload_type", path=_shown(path))
        case _:
            kind = type(value).__name__
            detail = f"is a {kind}; use JSON values (dates as ISO text)"
            raise PayloadRefused(detail, code="payload_type", path=_shown(path))


def _check_key(key: Any, *, path: Path) -> None:
    if not isinstance(key, str):
        raise PayloadRefused(f"has the key {key!r}; keys are strings", code="payload_type", path=_shown(path))
    _check_text(key, path=path)


def _check_text(text: str, *, path: Path) -> None:
    if "\x00" in text:
        raise PayloadRefused("has a NUL character", code="payload_nul", path=_shown(path))
    if _SURROGATE.search(text):
        raise PayloadRefused("has a lone surrogate", code="payload_surrogate", path=_shown(path))


def _shown(path: Path) -> str:
    return "".join(path)[:200]


def _references(schema: Any) -> list[str]:
    references: list[str] = []
    todo = [schema]
    while todo:
        match todo.pop():
            case dict() as mapping:
                references += [value for key, value in mapping.items() if key == "$ref" and isinstance(value, str)]
                todo.extend(mapping.values())
            case list() as items:
                todo.extend(items)
            case _:
                continue
    return references
