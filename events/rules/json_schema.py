"""JSON Schema of draft 2020-12, checked in bounded time and without reading anything from elsewhere."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from jsonschema.exceptions import ValidationError
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012

from events.errors import shown
from events.rules import personal
from events.rules.schema_keywords import BoundedValidator, TooComplex, compiled_pattern, run

MAX_BYTES = 256 * 1024
_DRAFT = "https://json-schema.org/draft/2020-12/"
_RESOURCE = ("$id", "$schema")
_REFERENCES = ("$ref", "$dynamicRef")
_ANCHORS = ("$anchor", "$dynamicAnchor")


_SIZES = {
    "maxItems": "must have at most {:,} items",
    "minItems": "must have at least {:,} items",
    "maxLength": "must have at most {:,} characters",
    "minLength": "must have at least {:,} characters",
    "maxProperties": "must have at most {:,} fields",
    "minProperties": "must have at least {:,} fields",
}


def said(error: ValidationError) -> str:
    """An error as a sentence: the rule first, then what broke it, both short enough to be read."""
    value: Any = error.instance
    if sentence := _SIZES.get(str(error.validator)):
        return f"{sentence.format(error.validator_value)}; it has {len(value):,}"
    rule = error.message.removeprefix(repr(value))
    return error.message[:300] if rule == error.message else f"{rule.strip()[:200]}; it is {shown(value)}"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A schema that is ready to check with. `targets`: the subschema that each of its references means.

    `has_personal`: it marks values as personal.
    """

    validator: Any
    targets: Mapping[str, Any]
    has_personal: bool = False

    def without_personal(self, payload: Any, *, is_theirs: Callable[[Any], bool]) -> Any:
        """Copy a payload without the marked values to which `is_theirs` says yes."""
        return personal.erase(payload, schema=self.validator.schema, targets=self.targets, is_theirs=is_theirs)

    def first_error(self, instance: Any, *, size: int) -> ValidationError | None:
        """The first error of an instance of so many bytes. TooComplex, or RecursionError, where that takes too much."""
        with run(size=size, targets=self.targets):
            return _first_error(self.validator, instance)


def compiled(schema: Any) -> Compiled:
    """The schema, compiled once for each text. ValueError, in one sentence, if it can't be used."""
    try:
        outcome = _outcome(json.dumps(schema))
    except (TypeError, RecursionError) as error:
        raise ValueError("schema is not JSON, or nested too deep") from error
    if isinstance(outcome, str):
        raise ValueError(outcome)
    return outcome


@functools.lru_cache(maxsize=512)
def _outcome(text: str) -> Compiled | str:
    """The schema, or the sentence that says why not: kept too, so that payloads of a broken type cost no more."""
    if len(text) > MAX_BYTES:
        return f"schema is {len(text)} bytes, at most {MAX_BYTES} are accepted"
    try:
        return _compile(json.loads(text), size=len(text))
    except TooComplex:
        return "schema takes too long to check; make it simpler"
    except RecursionError:
        return "schema is nested too deep, or has a $ref that leads round in a circle"
    except ValueError as error:
        return f"schema {error}"


def _compile(given: Any, *, size: int) -> Compiled:
    if not isinstance(given, dict):
        raise ValueError("must be a JSON object, or empty for no schema")
    root = {key: value for key, value in given.items() if key not in _RESOURCE}
    with run(size=size, targets=_METASCHEMA.targets):
        _check_form(given)
        targets = _targets(root)
    with run(size=size, targets=targets):
        for reference, target in {"#": root, **targets}.items():
            try:
                _first_error(BoundedValidator(target), {})
            except RecursionError as error:
                raise ValueError(f"has a $ref that leads round in a circle: {reference}") from error
    return Compiled(BoundedValidator(root), targets, personal.check_marks(root, targets=targets))


def _first_error(validator: Any, instance: Any) -> ValidationError | None:
    return next(validator.iter_errors(instance), None)


def _check_form(schema: Any) -> None:
    error = _first_error(_METASCHEMA.validator, schema)
    if error is not None:
        raise ValueError(f"is not valid JSON Schema: {said(error)}")


def _targets(root: dict[str, Any]) -> dict[str, Any]:
    """Subschemas by reference. ValueError for a pattern that can't be compiled, and a reference to elsewhere."""
    targets: dict[str, Any] = {}
    anchors: dict[str, Any] = {"": root}
    seen: set[int] = set()
    todo: list[Any] = [root]
    references: list[str] = []
    while todo or references:
        if not todo:
            reference = references.pop()
            targets[reference] = target = _target(reference, root=root, anchors=anchors)
            # In its usual place it has been seen; it may lie anywhere.
            if id(target) not in seen:
                _check_form(target)
                todo.append(target)
            continue
        schema = todo.pop()
        if isinstance(schema, bool) or id(schema) in seen:
            continue
        seen.add(id(schema))
        _check_own(schema)
        anchors |= {schema[keyword]: schema for keyword in ("$anchor", "$dynamicAnchor") if keyword in schema}
        named = [schema[keyword] for keyword in ("$ref", "$dynamicRef") if keyword in schema]
        references += [reference for reference in named if reference not in targets]
        todo += DRAFT202012.subresources_of(schema)
    return targets


def _target(reference: str, *, root: dict[str, Any], anchors: Mapping[str, Any]) -> Any:
    if not reference.startswith("#"):
        raise ValueError(f"may only refer to itself, by a $ref that begins with #, not to {reference[:100]}")
    pointer = unquote(reference[1:])
    try:
        if not pointer.startswith("/"):
            return anchors[pointer]
        target: Any = root
        for part in pointer[1:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            target = target[int(key)] if isinstance(target, list) else target[key]
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"has a $ref that leads nowhere: {reference[:100]}") from error
    return target


def _check_own(schema: dict[str, Any]) -> None:
    """ValueError unless it is one document with its parent, and its patterns can be compiled: its form says neither."""
    if inner := [keyword for keyword in _RESOURCE if keyword in schema]:
        raise ValueError(f"has {inner[0]} below its top; it must be one document of one draft")
    for pattern in [*schema.get("patternProperties", ()), *([schema["pattern"]] if "pattern" in schema else ())]:
        try:
            compiled_pattern(pattern)
        except ValueError as error:
            raise ValueError(
                f"has the pattern {shown(pattern)}, which RE2 can't compile: {error}. "
                "It knows neither look-around nor back references, and repeats at most 1,000 times"
            ) from error


def _metaschema() -> dict[str, Any]:
    """The draft's own schema of schemas as one document: it is published in parts, whose names never clash."""
    whole = REGISTRY.contents(f"{_DRAFT}schema")
    parts = [whole, *(REGISTRY.contents(_DRAFT + part["$ref"]) for part in whole["allOf"])]
    merged = {
        "type": whole["type"],
        "properties": {key: value for part in parts for key, value in part["properties"].items()},
        "$defs": {key: value for part in parts for key, value in part.get("$defs", {}).items()},
    }
    text = json.dumps(merged).replace('"$dynamicRef": "#meta"', '"$ref": "#"')
    return dict(json.loads(text.replace('"meta/core#', '"#').replace('"meta/validation#', '"#')))


def _as_compiled(schema: dict[str, Any]) -> Compiled:
    with run(size=0, targets={}):
        return Compiled(BoundedValidator(schema), _targets(schema))


_METASCHEMA = _as_compiled(_metaschema())
