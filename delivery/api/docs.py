"""The API for whoever writes a program: the OpenAPI document, and a page made of it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.views import SpectacularJSONAPIView

from events.conf import conf
from events.entities import MAX_ID
from events.rest import openapi
from events.rest.fields import active_types, categories
from events.rest.views import ApiView, Independent

Endpoint = tuple[str, str, str, Any]

# In the order in which somebody meets them; the first whose pattern is found in an address has it.
_TAGS = {
    "Events in": r"/event",
    "Feed": r"/notifications(?!/(?:preferences|projects|settings|digest|channels))",
    "Preferences": r"/notifications/(?:preferences|projects|settings|digest)|/projects",
    "Channels and deliveries": r"/notifications/channels|/deliveries|/destinations",
    "Memberships": r"/entities",
    "System": r"",
}
_EXAMPLES = {
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "string": "text",
    "object": {},
    "date-time": "2030-01-31T08:00:00Z",
    "int64": 1,
}
_LIMITS = {
    "default": "default {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {}",
    "pattern": "matching {}",
}
_MOST_NAMES = 12
TITLE = "Carillon"


def of_carillon(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Filter for drf-spectacular: the project's own views are in its own document."""
    return [endpoint for endpoint in endpoints if issubclass(endpoint[3].cls, ApiView)]


def _own_settings() -> dict[str, Any]:
    """drf-spectacular's settings for our document, which the project's SPECTACULAR_SETTINGS say nothing about."""
    return {
        "TITLE": TITLE,
        "DESCRIPTION": "Events in, notifications out. Errors and their codes: docs/errors.md.",
        "VERSION": conf.VERSION,
        "OAS_VERSION": "3.1.0",
        "SCHEMA_PATH_PREFIX": _prefix(),
        "PATH_CONVERTER_OVERRIDES": {
            "bigint": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
            "entity_id": {"type": "string", "minLength": 1, "maxLength": MAX_ID},
        },
        "COMPONENT_SPLIT_REQUEST": True,
        # Enumerations stand where they are used: names for them the library would keep for the project's document.
        "POSTPROCESSING_HOOKS": [],
        "PREPROCESSING_HOOKS": ["delivery.api.docs.of_carillon"],
    }


def _prefix() -> str:
    """Address below which the project has included the API, without a / at its end."""
    return reverse("carillon_api:events").removesuffix("/events")


class KeptGenerator(SchemaGenerator):
    """Makes the document once per process, and again where the rows that it names have changed: two queries."""

    def get_schema(self, request: Any = None, public: bool = True) -> Any:
        return _document(*_depends_on())


class DocumentView(Independent, SpectacularJSONAPIView):
    schema = None
    authentication_classes = permission_classes = ()
    generator_class = KeptGenerator
    urlconf = patterns = custom_settings = None


@require_safe
def try_page(request: HttpRequest) -> HttpResponse:
    """Show the document by Swagger's script, which sends requests as whoever looks at it."""
    return render(request, "carillon/api/try.html", {"title": TITLE, "token_header": _token_header()})


def _token_header() -> str:
    return settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show every operation; the queries don't grow with anything."""
    context = {"key_header": "Authorization: Bearer KEY", "token_header": _token_header()}
    operations = _operations(get_language(), *_depends_on())
    return render(request, "carillon/api/docs.html", context | {"operations": operations})


def _depends_on() -> tuple[Any, ...]:
    return settings.ROOT_URLCONF, tuple(active_types()), tuple(categories())


@contextmanager
def ours() -> Iterator[None]:
    """Let drf-spectacular make our document, not the project's. Its settings are the whole process's for the moment:
    the library knows no others."""
    token = openapi.is_ours.set(True)
    try:
        with patched_settings(_own_settings()):
            yield
    finally:
        openapi.is_ours.reset(token)


@lru_cache(maxsize=2)
def _document(*_key: Any) -> dict[str, Any]:
    with ours():
        document: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["tags"] = [
                next(tag for tag, pattern in _TAGS.items() if re.search(pattern, path.removeprefix(_prefix())))
            ]
    used = {operation["tags"][0] for operations in document["paths"].values() for operation in operations.values()}
    return document | {"tags": [{"name": tag} for tag in _TAGS if tag in used]}


@lru_cache(maxsize=4)
def _operations(_language: str, *key: Any) -> SafeString:
    kept = _document(*key)
    document = _resolved(kept, schemas=kept["components"]["schemas"])
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups[operation["tags"][0]].append(operation | _told(operation) | {"method": method, "path": path})
    problem = _shape(document["components"]["schemas"]["Problem"])
    page = render_to_string("carillon/api/operations.html", {"groups": groups, "problem": problem})
    # Backticks mean code. What the template printed is escaped, and no tag lies between two of them.
    return mark_safe(re.sub(r"`([^`<>]+)`", r"<code>\1</code>", page))  # noqa: S308


def _told(operation: dict[str, Any]) -> dict[str, Any]:
    bodies = operation.get("requestBody", {}).get("content", {})
    return {
        "callers": operation["x-callers"],
        "parameters": [
            _field(one["name"], one["schema"] | one, is_required=one.get("required", False)) | {"place": one["in"]}
            for one in operation.get("parameters", [])
        ],
        "bodies": [_shape(body["schema"]) | {"type": name, "example": sent(body)} for name, body in bodies.items()],
        "answers": [
            # All refusals have one shape, which the page tells once.
            answer | {"status": status} | (_shape(content["schema"]) if content and status < "400" else {})
            for status, answer in sorted(operation["responses"].items())
            for content in [answer.get("content", {}).get("application/json")]
        ],
    }


def sent(body: dict[str, Any]) -> str:
    """An example of this body, the view's own or one made of its schema."""
    examples = [one["value"] for one in body.get("examples", {}).values()] or [_example(body["schema"])]
    return json.dumps(examples[0], indent=2, ensure_ascii=False)


def _resolved(value: Any, *, schemas: dict[str, Any]) -> Any:
    """A part of the document in which everything stands where it was referred to."""
    if isinstance(value, list):
        return [_resolved(one, schemas=schemas) for one in value]
    if not isinstance(value, dict):
        return value
    named = [schemas[value["$ref"].rpartition("/")[2]]] if isinstance(value.get("$ref"), str) else []
    found: dict[str, Any] = {}
    for part in [*value.get("allOf", []), *named]:
        found |= _resolved(part, schemas=schemas)
    own = {name: inner for name, inner in value.items() if name not in ("allOf", "$ref")}
    return found | {name: _resolved(inner, schemas=schemas) for name, inner in own.items()}


def _field(name: str, schema: dict[str, Any], *, is_required: bool) -> dict[str, Any]:
    return {"name": name, "is_required": is_required, "about": schema.get("description"), **_shape(schema)}


def _shape(schema: dict[str, Any]) -> dict[str, Any]:
    return {"kind": _kind(schema), "fields": _fields(schema)}


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    if options := schema.get("oneOf"):
        shapes = {json.dumps(shape["fields"]): shape for shape in map(_shape, reversed(options))}
        return [*reversed(shapes.values())] if len(shapes) > 1 else _fields(options[0])
    if "properties" in schema:
        required = schema.get("required", [])
        return [_field(name, one, is_required=name in required) for name, one in schema["properties"].items()]
    inner = schema.get("items") or schema.get("additionalProperties")
    return _fields(inner) if isinstance(inner, dict) else []


def _kind(schema: dict[str, Any]) -> str:
    types, names = schema.get("type", "anything"), schema.get("enum", [])
    kind = types if isinstance(types, str) else " or ".join(types)
    if "oneOf" in schema:
        kind = " or ".join(map(_kind, schema["oneOf"]))
    elif names:
        more = [f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
        kind = "one of " + ", ".join([*map(str, names[:_MOST_NAMES]), *more])
    elif types == "array":
        kind = f"array of {_kind(schema['items'])}"
    limits = {name: schema[name] for name in _LIMITS if name in schema}
    said = [_LIMITS[name].format(one if isinstance(one, str) else json.dumps(one)) for name, one in limits.items()]
    return ", ".join([kind, *said])


def _example(schema: dict[str, Any]) -> Any:
    types = schema.get("type", "object")
    if "properties" in schema:
        named = schema.get("required") or schema["properties"]
        return {name: _example(schema["properties"][name]) for name in named}
    if types == "array":
        return [_example(schema["items"])]
    made = _EXAMPLES[schema.get("format", types if isinstance(types, str) else types[0])]
    return schema.get("example", schema.get("enum", [made])[0])
