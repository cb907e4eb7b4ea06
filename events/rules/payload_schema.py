"""Payloads: what can be stored at all, and what a type's JSON Schema asks for."""

import json
import math
import re
import sys
from decimal import Decimal
from typing import Any

from events.errors import PayloadRefused, shown

# A place in a payload, piece by piece: spelled out for each value, a long key would cost the square of its length.
Path = tuple[str, ...]
MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_PATH = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
# The greatest number that JSON readers hold: others would take a longer one for infinity.
_GREATEST = int(sys.float_info.max)


def check_schema(schema: Any) -> None:
    """ValueError unless it is None or a JSON Schema of draft 2020-12 that every payload can be checked with."""
    if schema is None:
        return
    try:
        _check_value(schema, path=("$",))
    except PayloadRefused as refusal:
        raise ValueError(f"schema can't be stored: {refusal.detail.removeprefix('payload ')}") from refusal
    # jsonschema and re2 take 5 MB: processes that meet no schema do without.
    from events.rules import json_schema  # noqa: PLC0415

    json_schema.compiled(schema)


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
        _check_against(schema, payload, size=size)


def _check_against(schema: dict[str, Any], payload: dict[str, Any], *, size: int) -> None:
    from events.rules import json_schema, schema_keywords  # noqa: PLC0415  as in check_schema

    try:
        error = json_schema.compiled(schema).first_error(payload, size=size)
    except schema_keywords.TooComplex as endless:
        raise PayloadRefused(
            "can't be checked: against the schema of its type that takes too long", code="payload_schema"
        ) from endless
    except (ValueError, RecursionError, ArithmeticError) as broken:
        raise PayloadRefused(
            "can't be checked: the schema of its type is broken; an admin can mend it", code="payload_schema"
        ) from broken
    if error is not None:
        raise PayloadRefused(json_schema.said(error), code="payload_schema", path=error.json_path[:MAX_PATH])


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
        raise PayloadRefused(f"has the key {shown(key)}; keys are strings", code="payload_type", path=_shown(path))
    _check_text(key, path=path)


def _check_text(text: str, *, path: Path) -> None:
    if "\x00" in text:
        raise PayloadRefused("has a NUL character", code="payload_nul", path=_shown(path))
    if _SURROGATE.search(text):
        raise PayloadRefused("has a lone surrogate", code="payload_surrogate", path=_shown(path))


def _shown(path: Path) -> str:
    return "".join(path)[:MAX_PATH]
