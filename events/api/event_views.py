"""POST /events and GET /events: the bus over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from events import keys, publish
from events.api.documentation import documented
from events.api.links import listed
from events.api.permissions import MayPublish, MayReadLog, Unrestricted, key_of
from events.api.requests import query_of, user_id_of
from events.api.serializers import (
    MAX_BATCH,
    EventIn,
    EventOrEvents,
    EventOrEventsOut,
    EventOut,
    LogQuery,
    new_event,
)
from events.api.view import ApiView
from events.models import Event, EventType
from events.patterns import matches
from events.refusals import Refused, UnknownEventType

# Leaves room for the `#999` that an array puts behind it.
_HEADER_KEY_MAX = publish.MAX_KEY - 5
_HEADER_KEY = re.compile(f"[!-~]{{1,{_HEADER_KEY_MAX}}}")
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{_HEADER_KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="The same key with the same content answers with the first event. Over an array: key#index.",
)


class EventsView(ApiView):
    def get_permissions(self) -> Sequence[BasePermission]:
        return [MayPublish()] if self.request.method == "POST" else [Unrestricted(), MayReadLog()]

    @documented(
        "publish_events",
        summary="Publish one event, or an array of them: all or none",
        request=EventOrEvents,
        parameters=[_KEY],
        answers={201: EventOrEventsOut, 200: EventOrEventsOut},
        refusals=[409],
    )
    def post(self, request: Request) -> Response:
        is_many = isinstance(request.data, list)
        new = _events_in(request.data, key=_header_key(request))
        _check_key_covers(request, new)
        with _blaming(new, is_many=is_many):
            accepted = publish.accept(new, publisher=f"user:{user_id_of(request)}")
        shown = EventOut([one.event for one in accepted], many=True).data
        is_new = any(one.created for one in accepted)
        return Response(shown if is_many else shown[0], status=201 if is_new else 200)

    @documented(
        "list_events",
        summary="Read the log from a position on",
        parameters=[LogQuery],
        answers={200: EventOut(many=True)},
        refusals=[400],
        is_list=True,
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=LogQuery)
        found = Event.objects.filter(position__gt=query["after"]).select_related("event_type").order_by("position")
        if "type" in query:
            found = found.filter(_of_types(query["type"]))
        events = list(found[: query["limit"] + 1])
        page = events[: query["limit"]]
        following = {"after": page[-1].position} if len(events) > len(page) else None
        return listed(request, EventOut(page, many=True).data, following=following)


@contextmanager
def _blaming(new: Sequence[publish.NewEvent], *, is_many: bool) -> Iterator[None]:
    """A refusal names its element where there is an array, and only there."""
    try:
        yield
    except Refused as error:
        if not is_many:
            error.index = None
        elif isinstance(error, UnknownEventType):
            names = [one.event_type for one in new]
            known = set(EventType.objects.filter(name__in_set=names).values_list("name", flat=True))
            error.index = next((place for place, name in enumerate(names) if name not in known), None)
        raise


def _of_types(pattern: str) -> Q:
    """A pattern is spelled out into the types it covers, so the log is read by its index."""
    if "*" not in pattern:
        return Q(event_type__name=pattern)
    types = EventType.objects.values_list("id", "name")
    return Q(event_type_id__in_set=[pk for pk, name in types if matches(name, [pattern])])


def _header_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _HEADER_KEY.fullmatch(key):
        raise Refused(
            f"the header must have 1 to {_HEADER_KEY_MAX} visible ASCII characters",
            code="invalid_idempotency_key",
            field="Idempotency-Key",
        )
    return key


def _events_in(data: Any, *, key: str | None) -> list[publish.NewEvent]:
    is_many = isinstance(data, list)
    elements = data if is_many else [data]
    if not 0 < len(elements) <= MAX_BATCH:
        raise ValidationError(f"Send 1 to {MAX_BATCH} events at once, not {len(elements)}.", code="batch_size")
    checked = EventIn(data=elements, many=True)
    if not checked.is_valid():
        raise ValidationError(checked.errors if is_many else checked.errors[0])
    return [
        _new(one, key=key and (f"{key}#{index}" if is_many else key), index=index if is_many else None)
        for index, one in enumerate(checked.validated_data)
    ]


def _new(checked: dict[str, Any], *, key: str | None, index: int | None) -> publish.NewEvent:
    own = checked.get("idempotency_key")
    if key is not None and own is not None and own != key:
        raise _conflicting_keys(index)
    try:
        return new_event(checked, idempotency_key=own if key is None else key)
    except Refused as error:
        error.index = index
        raise


def _conflicting_keys(index: int | None) -> Refused:
    error = Refused(
        "the Idempotency-Key header and the event's own idempotency_key differ; send one of them",
        code="two_idempotency_keys",
        field="idempotency_key",
    )
    error.index = index
    return error


def _check_key_covers(request: Request, new: Sequence[publish.NewEvent]) -> None:
    key = key_of(request)
    for one in new:
        if not keys.may_publish(key, one.event_type):
            covered = ", ".join(key.publish_patterns or []) if key else "nothing"
            detail = f"This key may not publish {one.event_type[:100]!r}; it covers {covered}."
            raise PermissionDenied(detail, code="key_restricted")
