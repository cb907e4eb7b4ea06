"""Payloads: what can be stored at all, and what a type's JSON Schema asks for."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from events.refusals import PayloadRefused

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_schema(schema: Any) -> None:
    """ValueError unless it is None or a valid JSON Schema of draft 2020-12 without references to elsewhere."""
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise ValueError("schema must be a JSON object, or empty for no schema")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"schema is not valid JSON Schema: {error.message}") from error
    if any(not ref.startswith("#") for ref in _references(schema)):
        raise ValueError("schema may only refer to itself ($ref that begins with #)")


def check_payload(payload: Any, *, schema: dict[str, Any] | None) -> None:
    """Raise PayloadRefused for what no database here stores the same way, and for what the schema refuses.

    NUL breaks PostgreSQL's jsonb, NaN and Infinity are not JSON, a lone surrogate can't be encoded.
    """
    if not isinstance(payload, dict):
        raise PayloadRefused("is not a JSON object", code="not_an_object")
    _check_value(payload, path="$", depth=1)
    size = len(json.dumps(payload, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        raise PayloadRefused(f"is {size} bytes, at most {MAX_BYTES} are accepted", code="payload_too_large")
    if schema:
        for error in Draft202012Validator(schema).iter_errors(payload):
            raise PayloadRefused(error.message[:300], code="payload_schema", path=error.json_path)


def _check_value(value: Any, *, path: str, depth: int) -> None:
    if isinstance(value, dict | list | tuple) and depth > MAX_DEPTH:
        raise PayloadRefused(f"is nested deeper than {MAX_DEPTH}", code="payload_too_deep", path=path[:200])
    match value:
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise PayloadRefused(f"has the key {key!r}; keys are strings", code="payload_type", path=path)
                _check_text(key, path=path)
                _check_value(inner, path=f"{path}.{key}", depth=depth + 1)
        case list() | tuple():
            for number, inner in enumerate(value):
                _check_value(inner, path=f"{path}[{number}]", depth=depth + 1)
        case str():
            _check_text(value, path=path)
        case float():
            if not math.isfinite(value):
                raise PayloadRefused(f"is {value}, which is not JSON", code="payload_nan", path=path)
        case None | bool() | int():
            pass
        case _:
            kind = type(value).__name__
            raise PayloadRefused(f"is a {kind}; use JSON values (dates as ISO text)", code="payload_type", path=path)


def _check_text(text: str, *, path: str) -> None:
    if "\x00" in text:
        raise PayloadRefused("has a NUL character", code="payload_nul", path=path)
    if _SURROGATE.search(text):
        raise PayloadRefused("has a lone surrogate", code="payload_surrogate", path=path)


def _references(schema: Any) -> list[str]:
    found: list[str] = []
    todo = [schema]
    while todo:
        match todo.pop():
            case dict() as mapping:
                found += [value for key, value in mapping.items() if key == "$ref" and isinstance(value, str)]
                todo.extend(mapping.values())
            case list() as items:
                todo.extend(items)
            case _:
                continue
    return found
