"""CloudEvents 1.0 at POST /events: structured, batched and binary (its HTTP binding 1.0.2, section 3)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from events.entities import parsed_entity
from events.errors import shown
from events.log.publish import MAX_KEY
from events.rest.errors import BadBodyError
from events.rest.fields import EventTypeName, Instant, Payload, Text, Whole
from events.rest.parsers import JsonBody, parse

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

_JSON = re.compile(r"(application|text)/([\w.-]+\+)?json *(;.*)?", re.IGNORECASE)
_BY_SLASH = re.compile(r"([a-z][a-z0-9_]{0,63})/([0-9]{1,19})")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
# As long as the Trace Context asks all to pass on (section 3.3.1.5); whoever begins a span looks at its members.
_TRACESTATE = re.compile(r"[\x20-\x7e]{1,512}")
# Attributes that are whole numbers, also where they come as text.
_NUMBERS = ("actoruserid", "projectid")


class StructuredBody(JsonBody):
    media_type = STRUCTURED


class BatchedBody(JsonBody):
    media_type = BATCHED


class CloudEventIn(serializers.Serializer[Any]):
    """Further extension attributes are accepted, as the specification asks, and not kept."""

    specversion = Text(help_text="1.0")
    id = Text(max_length=10_000, help_text="With `source` the idempotency key.")
    source = Text(max_length=10_000)  # type: ignore[assignment]
    type = EventTypeName()
    subject = Text(
        required=False, help_text="What it is about, as in job:7, prompt:3f2c or job/7; others are not kept."
    )
    time = Instant(required=False, help_text="Not kept: the log has its own time.")
    datacontenttype = Text(required=False)
    dataschema = Text(required=False)
    data = Payload(required=False)  # type: ignore[assignment]
    data_base64 = Text(required=False)
    actoruserid = Whole(required=False, help_text="Any existing user; nobody by default.")
    projectid = Whole(required=False)
    traceparent = Text(required=False)
    tracestate = Text(required=False, help_text="Kept beside a traceparent, up to 512 characters.")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            # In the JSON format null says that there is no such attribute.
            data = {name: _number(name, value) for name, value in data.items() if value is not None}
        fields: dict[str, Any] = super().to_internal_value(data)
        return fields

    def validate_specversion(self, value: str) -> str:
        if value != "1.0":
            raise ValidationError(f"specversion {shown(value)} is not known; send 1.0.", code="invalid_cloudevent")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        content_type = attrs.get("datacontenttype", "application/json")
        if not _JSON.fullmatch(content_type):
            detail = f"A payload is a JSON object, so this must be application/json, not {content_type[:100]}."
            raise ValidationError({"datacontenttype": [ErrorDetail(detail, code="invalid_cloudevent")]})
        if "data_base64" in attrs:
            if "data" in attrs:
                detail = "There is data already; send one of the two."
                raise ValidationError({"data_base64": [ErrorDetail(detail, code="invalid_cloudevent")]})
            attrs["data"] = _decoded(attrs["data_base64"])
        return attrs


def form_of(request: Request) -> str | None:
    """`structured`, `batched` or `binary`; None for what is no CloudEvent."""
    content_type = (request.content_type or "").partition(";")[0].strip().lower()
    if content_type in (STRUCTURED, BATCHED):
        return "structured" if content_type == STRUCTURED else "batched"
    return "binary" if "ce-specversion" in request.headers else None


def from_headers(request: Request) -> dict[str, Any]:
    """The binary form as the JSON format would have it."""
    attributes: dict[str, Any] = {
        name[3:].lower(): unquote(value) for name, value in request.headers.items() if name.lower().startswith("ce-")
    }
    if request.content_type:
        attributes |= {"datacontenttype": request.content_type, "data": request.data}
    return attributes


def _number(name: str, value: Any) -> Any:
    """Attributes have no numbers over HTTP headers, and some clients write all of theirs as text."""
    is_digits = name in _NUMBERS and isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value)
    return int(value) if is_digits else value


def as_event(checked: Mapping[str, Any]) -> dict[str, Any]:
    about = parsed_entity(_BY_SLASH.sub(r"\1:\2", checked.get("subject", "")))
    trace, state = checked.get("traceparent", ""), checked.get("tracestate", "")
    is_trace = _TRACEPARENT.fullmatch(trace) is not None
    return {
        "event_type": checked["type"],
        "source_entity_type": about.type if about else None,
        "source_entity_id": about.id if about else None,
        "actor_user_id": checked.get("actoruserid"),
        "project_id": checked.get("projectid"),
        "payload": checked.get("data"),
        "idempotency_key": _key(checked["source"], checked["id"]),
        "traceparent": trace if is_trace else "",
        "tracestate": state if is_trace and _TRACESTATE.fullmatch(state) else "",
    }


def _key(source: str, own: str) -> str:
    """`source` and `id` together are unique (CloudEvents 1.0.2, section 3.1.1)."""
    plain = f"ce:{source} {own}"
    is_usable = len(plain) <= MAX_KEY and plain.isprintable() and " " not in source
    return plain if is_usable else f"ce:{hashlib.sha256(f'{len(source)} {source} {own}'.encode()).hexdigest()}"


def _decoded(text: str) -> dict[str, Any]:
    try:
        value = parse(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, BadBodyError) as error:
        detail = "This is not the base64 of a JSON object."
        raise ValidationError({"data_base64": [ErrorDetail(detail, code="invalid_cloudevent")]}) from error
    if not isinstance(value, dict):
        raise ValidationError({"data_base64": [ErrorDetail("This must be a JSON object.", code="not_an_object")]})
    return value
