"""Types of payloads, read from the JSON Schemas of event types: what any typed language can write down."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from events.models import EventType
from events.rules import json_schema

# Name of the record that has every type's payload under the type's name.
ALL = "Payloads"


@dataclass(frozen=True, slots=True)
class Scalar:
    """JSON Schema's name of a type without parts, `any`, or `never`."""

    name: str


@dataclass(frozen=True, slots=True)
class Literals:
    values: tuple[str | int | float | bool | None, ...]


@dataclass(frozen=True, slots=True)
class Many:
    item: "Type"


@dataclass(frozen=True, slots=True)
class Map:
    item: "Type"


@dataclass(frozen=True, slots=True)
class Either:
    options: tuple["Type", ...]


@dataclass(frozen=True, slots=True)
class Named:
    name: str


Type = Scalar | Literals | Many | Map | Either | Named
ANY = Scalar("any")


@dataclass(slots=True)
class Record:
    """Object with known fields: name -> (its type, whether it has to be there)."""

    name: str
    fields: dict[str, tuple[Type, bool]] = field(default_factory=dict)
    about: str = ""


def records(types: Iterable[EventType]) -> list[Record]:
    """Records of these types in their order, each behind those that are its parts; last the one of all."""
    reader = _Reader()
    payloads: dict[str, tuple[Type, bool]] = {}
    for one in types:
        payloads[one.name] = (reader.payload(one), True)
    return [*reader.records, Record(ALL, payloads, "What each event type carries.")]


class _Reader:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self._taken = {ALL}
        self._targets: Mapping[str, Any] = {}
        # Of the schema that is read, by reference: None while what is no record is looked at, lest it goes on for ever.
        self._known: dict[str, Type | None] = {}

    def payload(self, event_type: EventType) -> Type:
        schema = event_type.schema or {}
        try:
            self._targets, self._known = json_schema.compiled(schema).targets, {"#": None}
        except ValueError:
            return Map(ANY)
        name = f"{_words(event_type.name)}Payload"
        read = self._type({"type": "object"} | schema, name=name, about=event_type.description or "", reference="#")
        return Map(ANY) if read == ANY else read

    def _type(self, schema: Any, *, name: str, about: str = "", reference: str = "") -> Type:
        """Read a schema. `name`: of the record, should it be one; `reference`: what else leads to it."""
        match schema:
            case bool():
                return ANY if schema else Scalar("never")
            case {"$ref": str(target)}:
                return self._referred(target, name=name)
            case {"const": value}:
                return _literals([value])
            case {"enum": [*values]}:
                return _literals(values)
            case {"anyOf": [*options]} | {"oneOf": [*options]}:
                return _either(self._type(one, name=f"{name}{place + 1}") for place, one in enumerate(options))
            case {"allOf": [*parts]}:
                return self._type(self._merged(schema, parts), name=name, about=about, reference=reference)
            case {"type": [*names]}:
                return _either(self._type(schema | {"type": one}, name=name) for one in names)
            case {"type": "array"}:
                return Many(self._type(schema.get("items", True), name=f"{name}Item"))
            case {"type": "object", "properties": {**fields}} if fields:
                return self._record(schema, name=name, about=about, reference=reference)
            case {"type": "object"}:
                return Map(self._type(schema.get("additionalProperties") or True, name=f"{name}Value"))
            case {"type": str(kind)}:
                return Scalar(kind)
        return ANY

    def _record(self, schema: dict[str, Any], *, name: str, about: str, reference: str) -> Type:
        record = Record(self._free(name), about=about or str(schema.get("description", "")))
        named = Named(record.name)
        if reference:
            self._known[reference] = named
        required = schema.get("required", [])
        for key, inner in schema["properties"].items():
            record.fields[key] = (self._type(inner, name=record.name + _words(key)), key in required)
        self.records.append(record)
        return named

    def _referred(self, target: str, *, name: str) -> Type:
        if target not in self._known:
            self._known[target] = None
            self._known[target] = self._type(self._targets[target], name=name, reference=target)
        return self._known[target] or ANY

    def _merged(self, schema: dict[str, Any], parts: Iterable[Any]) -> dict[str, Any]:
        """The schema with what its parts say of an object; the rest of them is left out."""
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            one = self._targets.get(part["$ref"], {}) if isinstance(part, dict) and "$ref" in part else part
            if isinstance(one, dict):
                whole = {
                    **one,
                    **whole,
                    "properties": one.get("properties", {}) | whole.get("properties", {}),
                    "required": [*whole.get("required", []), *one.get("required", [])],
                }
        return {key: value for key, value in whole.items() if key not in ("allOf", "$ref")}

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free


def _words(name: str) -> str:
    joined = "".join(word[:1].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", name))
    return f"_{joined}" if joined[:1].isdigit() else joined


def _literals(values: Iterable[Any]) -> Type:
    simple = [one for one in values if one is None or isinstance(one, str | bool | int | float)]
    return Literals(tuple(simple)) if simple and len(simple) == len(list(values)) else ANY


def _either(options: Iterable[Type]) -> Type:
    distinct = tuple(dict.fromkeys(options))
    if ANY in distinct or not distinct:
        return ANY
    return distinct[0] if len(distinct) == 1 else Either(distinct)
