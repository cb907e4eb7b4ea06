"""Keywords of JSON Schema, each with its cost: patterns run in linear time, references stay in the schema."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

# A step is one keyword, or one member that a keyword visits: about a microsecond.
STEPS = 20_000
STEPS_PER_BYTE = 4
# What patterns may visit besides, in characters times instructions, of which each takes up to ten nanoseconds.
VISITS = 50_000_000
VISITS_PER_BYTE = 500
MAX_PATTERN = 4000
# What an error costs at each level that hands it on, and how many characters of its message take about a step.
_STEPS_PER_ERROR = 5
_SAID_PER_STEP = 32
# What compiling an instruction comes to.
_VISITS_TO_COMPILE = 30
# Bytes of one compiled pattern; 128 of them are kept.
_PATTERN_MEMORY = 512 * 1024
_options = re2.Options()
_options.max_mem = _PATTERN_MEMORY
_options.log_errors = False

_Errors = Iterator[ValidationError]
_Keyword = Callable[[Any, Any, Any, Any], _Errors | None]


class TooComplex(Exception):
    """A check that would take more steps, or more visits of patterns, than its size allows."""


@dataclass(slots=True)
class _Run:
    steps: int
    visits: int
    targets: Mapping[str, Any]
    members: dict[int, frozenset[Any]] = field(default_factory=dict)


_run: ContextVar[_Run] = ContextVar("run")


@contextmanager
def run(*, size: int, targets: Mapping[str, Any]) -> Iterator[None]:
    """Bound what `BoundedValidator` does within it by the bytes of what is checked; beyond that it raises TooComplex.

    `targets`: the subschema that each `$ref` and `$dynamicRef` means.
    """
    token = _run.set(_Run(STEPS + STEPS_PER_BYTE * size, VISITS + VISITS_PER_BYTE * size, targets))
    try:
        yield
    finally:
        _run.reset(token)


def _spend(steps: int) -> None:
    current = _run.get()
    current.steps -= steps
    if current.steps < 0:
        raise TooComplex


def _visit(visits: int) -> None:
    current = _run.get()
    current.visits -= visits
    if current.visits < 0:
        raise TooComplex


@functools.lru_cache(maxsize=128)
def compiled_pattern(pattern: str) -> Any:
    """The pattern as RE2 runs it, within a `run`. ValueError with the reason if it can't be compiled."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"it is longer than {MAX_PATTERN} characters")
    try:
        compiled = re2.compile(pattern, _options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from error
    _visit(compiled.programsize * _VISITS_TO_COMPILE)
    return compiled


def _is_found(pattern: str, text: str) -> bool:
    compiled = compiled_pattern(pattern)
    _visit(len(text) * compiled.programsize)
    return compiled.search(text) is not None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> _Errors:
    if isinstance(instance, str) and not _is_found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: dict[str, Any], instance: Any, schema: Any) -> _Errors:
    if isinstance(instance, dict):
        for key, value in instance.items():
            for pattern, subschema in patterns.items():
                _spend(1)
                if _is_found(pattern, key):
                    yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, subschema: Any, instance: Any, schema: Any) -> _Errors | None:
    """The stock keyword over what no pattern covers, so that it has none to search for."""
    if isinstance(instance, dict):
        patterns = schema.get("patternProperties", {})
        instance = {key: value for key, value in instance.items() if not _is_covered(key, patterns)}
    schema = {"properties": schema.get("properties", {})}
    return _STOCK["additionalProperties"](validator, subschema, instance, schema)


def _is_covered(key: str, patterns: Mapping[str, Any]) -> bool:
    _spend(len(patterns))
    return any(_is_found(pattern, key) for pattern in patterns)


def _unevaluated(validator: Any, subschema: Any, instance: Any, schema: Any) -> _Errors:
    """Both keywords: members of an object, or items of an array, that no other keyword has looked at."""
    here = {key: value for key, value in schema.items() if not key.startswith("unevaluated")}
    evaluated = _evaluated(validator, instance, here)
    check = validator.evolve(schema=subschema)
    places = instance if isinstance(instance, dict) else range(len(instance))
    left = [place for place in places if place not in evaluated and not check.is_valid(instance[place])]
    if left:
        what = "properties" if isinstance(instance, dict) else "items"
        yield ValidationError(f"Unevaluated {what} are not allowed (unexpected: {', '.join(map(repr, left))})")


def _unevaluated_properties(validator: Any, subschema: Any, instance: Any, schema: Any) -> _Errors | None:
    return _unevaluated(validator, subschema, instance, schema) if isinstance(instance, dict) else None


def _unevaluated_items(validator: Any, subschema: Any, instance: Any, schema: Any) -> _Errors | None:
    return _unevaluated(validator, subschema, instance, schema) if isinstance(instance, list) else None


def _evaluated(validator: Any, instance: Any, schema: Any) -> set[Any]:
    """Keys of an object, or indexes of an array, that this schema looks at where the instance is valid against it."""
    if isinstance(schema, bool):
        return set()
    _spend(1 + len(schema) + len(instance))
    found = _evaluated_here(validator, instance, schema)
    for subschema in _in_place(validator, instance, schema):
        found |= _evaluated(validator, instance, subschema)
    return found


def _evaluated_here(validator: Any, instance: Any, schema: Any) -> set[Any]:
    if isinstance(instance, dict):
        if "additionalProperties" in schema or "unevaluatedProperties" in schema:
            return set(instance)
        patterns = schema.get("patternProperties", {})
        return {key for key in instance if key in schema.get("properties", ()) or _is_covered(key, patterns)}
    if "items" in schema or "unevaluatedItems" in schema:
        return set(range(len(instance)))
    found = set(range(len(schema.get("prefixItems", ()))))
    if "contains" in schema:
        contains = validator.evolve(schema=schema["contains"])
        found |= {index for index, item in enumerate(instance) if contains.is_valid(item)}
    return found


def _in_place(validator: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Subschemas that apply to the same instance and hold for it."""
    targets = _run.get().targets
    yield from (targets[schema[keyword]] for keyword in ("$ref", "$dynamicRef") if keyword in schema)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for subschema in schema.get(keyword, ()):
            if validator.evolve(schema=subschema).is_valid(instance):
                yield subschema
    if "if" in schema:
        holds = validator.evolve(schema=schema["if"]).is_valid(instance)
        yield from [schema["if"], schema.get("then", True)] if holds else [schema.get("else", True)]
    if isinstance(instance, dict):
        dependent = schema.get("dependentSchemas", {})
        yield from (subschema for key, subschema in dependent.items() if key in instance)


def _unique_items(validator: Any, is_asked: bool, instance: Any, schema: Any) -> _Errors:
    if is_asked and isinstance(instance, list) and len(set(map(_frozen, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _const(validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
    if _frozen(instance) != _frozen(value):
        yield ValidationError(f"{value!r} was expected")


def _enum(validator: Any, values: list[Any], instance: Any, schema: Any) -> _Errors:
    known = _run.get().members
    if id(values) not in known:
        known[id(values)] = frozenset(map(_frozen, values))
    if _frozen(instance) not in known[id(values)]:
        yield ValidationError(f"{instance!r} is not one of {values!r}")


def _frozen(value: Any) -> Any:
    """A hashable stand-in, equal where JSON Schema finds values equal: 1 is 1.0 and isn't true.

    Numbers stand as text, whose hashes nobody can foresee.
    """
    match value:
        case dict():
            _spend(len(value))
            return frozenset((key, _frozen(inner)) for key, inner in value.items())
        case list():
            _spend(len(value))
            return tuple(map(_frozen, value))
        case bool():
            return bool, value
        case int() | float():
            return int, str(int(value)) if value == int(value) else repr(value)
    return value


def _reference(validator: Any, reference: str, instance: Any, schema: Any) -> _Errors:
    yield from validator.descend(instance, _run.get().targets[reference])


def _size(value: Any) -> int:
    return len(value) if isinstance(value, dict | list) else 0


def _over_instance(value: Any, instance: Any) -> int:
    return _size(instance)


def _over_value(value: Any, instance: Any) -> int:
    return _size(value)


# What a keyword visits besides, each about as dear as a keyword; all others do with one look.
_COSTS: dict[str, Callable[[Any, Any], int]] = {
    **dict.fromkeys(["contains", "items", "propertyNames", "patternProperties", "prefixItems"], _over_instance),
    **dict.fromkeys(["additionalProperties", "unevaluatedItems", "unevaluatedProperties"], _over_instance),
    **dict.fromkeys(["allOf", "anyOf", "oneOf"], _over_value),
    "properties": lambda value, instance: len(value) // 16 + _size(instance),
    "required": lambda value, instance: len(value) // 16,
    "dependentSchemas": lambda value, instance: len(value) // 16 + _size(instance),
    "dependentRequired": lambda value, instance: sum(map(len, value.values())) // 16,
}
_STOCK: dict[str, _Keyword] = dict(Draft202012Validator.VALIDATORS)
_KEYWORDS = _STOCK | {
    "$ref": _reference,
    "$dynamicRef": _reference,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
    "uniqueItems": _unique_items,
    "const": _const,
    "enum": _enum,
}


def _counted(name: str, keyword: _Keyword) -> _Keyword:
    cost = _COSTS.get(name)

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
        _spend(1 if cost is None else 1 + cost(value, instance))
        for error in keyword(validator, value, instance, schema) or ():
            # What comes from further down has a path already, and its message has been counted.
            said = 0 if error.relative_schema_path else len(error.message)
            _spend(_STEPS_PER_ERROR + said // _SAID_PER_STEP)
            yield error

    return counted


# Schemas that it is given must have no `$schema` and no `$id`: those would lead it back to the stock keywords.
BoundedValidator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(name, keyword) for name, keyword in _KEYWORDS.items()}
)
