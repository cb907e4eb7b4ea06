"""Reads the body of POST /events, in all its forms, as events to publish; every bad element of an array is named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from events.api import cloudevents
from events.api.serializers import MAX_BATCH, EventIn, new_event
from events.errors import Refused
from events.log import publish

# Leaves room for the `#999` that an array puts behind it.
_HEADER_KEY_MAX = publish.MAX_KEY - 5
HEADER_KEY = re.compile(f"[!-~]{{1,{_HEADER_KEY_MAX}}}")


@dataclass(frozen=True, slots=True)
class Incoming:
    new: list[publish.NewEvent]
    is_many: bool


def read(request: Request) -> Incoming:
    """Raises ValidationError or Refused: of an array with the errors of each element, whatever is wrong with it."""
    form = cloudevents.form_of(request)
    data: Any = cloudevents.from_headers(request) if form == "binary" else request.data
    is_many = form == "batched" or (form is None and isinstance(data, list))
    if form == "batched" and not isinstance(data, list):
        raise ValidationError("A batch is a JSON array of CloudEvents.", code="invalid_cloudevent")
    elements = data if is_many else [data]
    if not 0 < len(elements) <= MAX_BATCH:
        raise ValidationError(f"Send 1 to {MAX_BATCH} events at once, not {len(elements)}.", code="batch_size")
    checked, problems = _checked(elements, is_cloudevent=form is not None)
    key = _header_key(request)
    new, refused = _as_new(checked, key=key, is_many=is_many, is_cloudevent=form is not None)
    if not is_many and refused:
        raise refused[0]
    if problems or refused:
        refused |= publish.refusals(new)
        problems |= {index: _problem(error) for index, error in refused.items()}
        details = [problems.get(index, {}) for index in range(len(elements))]
        raise ValidationError(details if is_many else details[0])
    return Incoming(list(new.values()), is_many)


def _checked(elements: list[Any], *, is_cloudevent: bool) -> tuple[dict[int, dict[str, Any]], dict[int, Any]]:
    """Sort the elements into the well-formed and the refused, each by number."""
    reader = cloudevents.CloudEventIn() if is_cloudevent else EventIn()
    checked: dict[int, dict[str, Any]] = {}
    problems: dict[int, Any] = {}
    for index, element in enumerate(elements):
        try:
            attributes = reader.run_validation(element)
        except ValidationError as error:
            problems[index] = error.detail
        else:
            checked[index] = cloudevents.as_event(attributes) if is_cloudevent else attributes
    return checked, problems


def _as_new(
    checked: Mapping[int, dict[str, Any]], *, key: str | None, is_many: bool, is_cloudevent: bool
) -> tuple[dict[int, publish.NewEvent], dict[int, Refused]]:
    new: dict[int, publish.NewEvent] = {}
    refused: dict[int, Refused] = {}
    for index, fields in checked.items():
        header = f"{key}#{index}" if key and is_many else key
        own = fields.get("idempotency_key")
        try:
            # A CloudEvent always has an id; who sends the header too means the header.
            if header is not None and own is not None and own != header and not is_cloudevent:
                raise _conflicting_keys()
            new[index] = new_event(fields, idempotency_key=own if header is None else header)
        except Refused as error:
            refused[index] = error
    return new, refused


def _problem(error: Refused) -> dict[str, list[ErrorDetail]]:
    return {error.field or "non_field_errors": [ErrorDetail(error.detail, code=error.code)]}


def _header_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not HEADER_KEY.fullmatch(key):
        raise Refused(
            f"the header must have 1 to {_HEADER_KEY_MAX} visible ASCII characters",
            code="invalid_idempotency_key",
            field="Idempotency-Key",
        )
    return key


def _conflicting_keys() -> Refused:
    return Refused(
        "the Idempotency-Key header and the event's own idempotency_key differ; send one of them",
        code="two_idempotency_keys",
        field="idempotency_key",
    )
