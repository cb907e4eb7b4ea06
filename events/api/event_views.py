"""POST /events and GET /events: the bus over HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from events import api_keys, event_type_cache, outcomes
from events.api import cloudevents, publish_request
from events.api.serializers import (
    DryRunOut,
    EventOrEvents,
    EventOrEventsOut,
    EventOut,
    LogQuery,
    PublishQuery,
    RepeatOrDryRunOut,
    event_json,
)
from events.db import clock
from events.entities import Entity
from events.errors import Refused, shown
from events.log import publish
from events.models import Event, EventType
from events.rest import throttling
from events.rest.openapi import documented
from events.rest.pagination import listed
from events.rest.parsers import JsonBody
from events.rest.permissions import MayPublish, MayReadLog, Unrestricted, check_members_covered, key_of
from events.rest.strict import query_of, user_id_of
from events.rest.views import ApiView
from events.rules.patterns import matches

_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{publish_request.HEADER_KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="The same key with the same content answers with the first event. Over an array: key#index.",
)

_EVENT = {
    "event_type": "job.completed",
    "source_entity_type": "job",
    "source_entity_id": 42,
    "actor_user_id": 2,
    "payload": {"name": "Shot 042"},
}
_CLOUD_EVENT = {"specversion": "1.0", "id": "42", "source": "/farm", "type": "job.completed", "subject": "job/42"}


class EventsView(ApiView):
    http_method_names = [*ApiView.http_method_names, "options"]
    parser_classes = [JsonBody, cloudevents.StructuredBody, cloudevents.BatchedBody]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if "ce-specversion" in request.headers and not request.META.get("CONTENT_TYPE"):
            # The SDK's binary form says nothing where an event doesn't; JSON is what is meant.
            request.META["CONTENT_TYPE"] = "application/json"
        return super().initialize_request(request, *args, **kwargs)

    def get_permissions(self) -> Sequence[BasePermission]:
        match self.request.method:
            case "POST":
                return [MayPublish()]
            case "OPTIONS":
                return []
            case _:
                return [Unrestricted(), MayReadLog()]

    @documented(
        "publish_events",
        summary="Publish one event, or an array of them: all or none",
        request={
            "application/json": EventOrEvents,
            cloudevents.STRUCTURED: cloudevents.CloudEventIn,
            cloudevents.BATCHED: cloudevents.CloudEventIn(many=True),
        },
        examples={"application/json": _EVENT, cloudevents.STRUCTURED: _CLOUD_EVENT},
        parameters=[PublishQuery, _KEY],
        answers={201: EventOrEventsOut, 200: RepeatOrDryRunOut},
        refusals=[409, 429],
    )
    def post(self, request: Request) -> Response:
        is_dry_run = query_of(request, as_=PublishQuery)["dry_run"]
        sent = publish_request.read(request)
        _check_key_covers(request, sent.new)
        throttling.spend(request, len(sent.new))
        publisher = f"user:{user_id_of(request)}"
        if is_dry_run:
            if sent.is_many:
                raise ValidationError("A dry run is of one event; send it without an array.", code="batch_size")
            planned = outcomes.dry_run(sent.new[0], publisher=publisher, now=clock.estimate())
            return Response(DryRunOut(planned).data)
        with _indexed(sent):
            accepted = publish.accept(sent.new, publisher=publisher)
        events = [event_json(each.event) for each in accepted]
        is_new = any(each.created for each in accepted)
        return Response(events if sent.is_many else events[0], status=201 if is_new else 200)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """A CloudEvents sender asks whether it may send (HTTP 1.1 Web Hooks 1.0.2, section 4), before it has a key.

        Yes to all of them: what is accepted then is for the key to say.
        """
        answer = Response(headers={"Allow": ", ".join(self.allowed_methods)})
        if origin := request.headers.get("WebHook-Request-Origin"):
            answer["WebHook-Allowed-Origin"] = origin
            answer["WebHook-Allowed-Rate"] = str(throttling.allowed(request) or "*")
        return answer

    @documented(
        "list_events",
        summary="Read the log from a position on",
        parameters=[LogQuery],
        answers={200: EventOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=LogQuery)
        unread = Event.objects.filter(position__gt=query["after"]).select_related("event_type").defer("recipients")
        unread = unread.order_by("position")
        if "type" in query:
            unread = unread.filter(_of_types(query["type"]))
        events = list(unread[: query["limit"] + 1])
        page = events[: query["limit"]]
        following = {"after": page[-1].position} if len(events) > len(page) else None
        return listed(request, [event_json(event) for event in page], following=following)


@contextmanager
def _indexed(sent: publish_request.Incoming) -> Iterator[None]:
    """A refusal names its element where there is an array, and only there."""
    try:
        yield
    except Refused as error:
        if not sent.is_many:
            error.index = None
        raise


def _of_types(pattern: str) -> Q:
    """A pattern is spelled out into the types it covers, so the log is read by its index."""
    if "*" not in pattern:
        return Q(event_type__name=pattern)
    types = EventType.objects.values_list("id", "name")
    return Q(event_type_id__in_set=[pk for pk, name in types if matches(name, [pattern])])


def _check_key_covers(request: Request, new: Sequence[publish.NewEvent]) -> None:
    key = key_of(request)
    if not api_keys.is_restricted(key):
        return
    for event in new:
        if not api_keys.may_publish(key, event.event_type):
            covered = ", ".join(key.publish_patterns or []) if key else "nothing"
            detail = f"This key may not publish {shown(event.event_type)}; it covers {covered}."
            raise PermissionDenied(detail, code="key_restricted")
    types = event_type_cache.by_name(event.event_type for event in new)
    for event in new:
        event_type = types.get(event.event_type)
        # Such an event writes a membership.
        if event_type and event_type.actor_becomes_owner and isinstance(event.source, Entity):
            check_members_covered(request, event.source.type)
