"""Requests of the API with one thing wrong in each, made from its own OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.hostile import values

# What the document can't know.
KNOWN = {
    "event_type": "job.completed",
    "type": "job.completed",
    "kind": "webhook",
    "url": "https://93.184.216.34/hook",
    "timezone": "Asia/Tokyo",
    "start": "22:00",
    "end": "07:00",
    "entity_type": "job",
    "source_entity_type": "job",
    "category": "job",
    "specversion": "1.0",
    "datacontenttype": "application/json",
    "idempotency_key": None,
}
LEFT_OUT = {"data_base64", "address", "retry", "format", "idempotency_key"}
PLACE = "\ufdd0"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: what is wrong with it, and where."""

    method: str
    path: str
    body: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]} {(self.body or '')[:200]} {self.headers}"


def requests(document: dict[str, Any], *, ids: dict[str, int]) -> Iterator[Sent]:
    """Each operation with each hostile value in each part of its address, its query, its headers and its body."""
    for template, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = [resolved(one, document) for one in operation.get("parameters", [])]
            bodies = operation.get("requestBody", {}).get("content", {})
            sample = next((sample_of(content["schema"], document) for content in bodies.values()), None)
            good = {one["name"]: str(ids.get(one["name"], KNOWN.get(one["name"], 1))) for one in parameters}
            plain = Sent(method, template.format(**good), None if sample is None else json.dumps(sample))
            yield from in_parameters(plain, template, parameters, good)
            for kind, content in bodies.items():
                for body in bodies_of(sample_of(content["schema"], document)):
                    yield Sent(method, plain.path, body, kind)


def in_parameters(plain: Sent, template: str, parameters: list[Any], good: dict[str, str]) -> Iterator[Sent]:
    for parameter in parameters:
        name = parameter["name"]
        for value in values.ENCODED:
            match parameter["in"]:
                case "path":
                    yield Sent(plain.method, template.format(**good | {name: value}), plain.body)
                case "query":
                    yield Sent(plain.method, f"{plain.path}?{name}={value}", plain.body)
                case "header":
                    yield Sent(plain.method, plain.path, plain.body, headers={name: value[:2000]})
    for value in values.ENCODED[:8]:
        yield Sent(plain.method, f"{plain.path}?{value}={value}", plain.body)


def bodies_of(sample: Any) -> Iterator[str]:
    """The sample with each hostile value at each place, and in the place of a name."""
    for path in places(sample):
        text = json.dumps(replaced(sample, path, PLACE))
        for value in values.JSON:
            yield text.replace(json.dumps(PLACE), value)
    for value in values.JSON:
        if value.startswith('"') and isinstance(sample, dict):
            yield json.dumps(sample)[:-1] + f", {value}: 1}}"


def places(sample: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(sample, dict):
        for name, inner in sample.items():
            yield from places(inner, (*path, name))
    elif isinstance(sample, list):
        for number, inner in enumerate(sample):
            yield from places(inner, (*path, number))


def replaced(sample: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = list(sample) if isinstance(sample, list) else dict(sample)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def sample_of(schema: dict[str, Any], document: dict[str, Any], name: str = "") -> Any:
    """A value that the schema accepts, or nearly."""
    schema = resolved(schema, document)
    if KNOWN.get(name) is not None:
        return KNOWN[name]
    if alternatives := schema.get("oneOf") or schema.get("anyOf"):
        return sample_of(alternatives[0], document, name)
    if parts := schema.get("allOf"):
        return sample_of(parts[0], document, name)
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    match kinds if isinstance(kinds, str) else kinds[0]:
        case "object":
            fields = schema.get("properties", {})
            return {key: sample_of(inner, document, key) for key, inner in fields.items() if key not in LEFT_OUT} or {
                "x": "y"
            }
        case "array":
            return [sample_of(schema.get("items", {}), document, name)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return "2030-01-31T18:00:00Z" if schema.get("format") == "date-time" else quote(name) or "x"
