"""GET /event-types: what can be published, with schema and sample."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from events.api.serializers import EventTypeOut
from events.models import EventType
from events.rest.openapi import documented
from events.rest.pagination import Paged, cursor_of, listed
from events.rest.strict import query_of
from events.rest.views import ApiView


class EventTypesView(ApiView):
    @documented(
        "list_event_types",
        summary="List the event types with their schemas and samples",
        parameters=[Paged],
        answers={200: EventTypeOut(many=True)},
        refusals=[400],
        is_list=True,
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=Paged)
        types = list(EventType.objects.filter(id__gt=query.get("cursor", (0,))[0]).order_by("id")[: query["limit"] + 1])
        page = types[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].pk)} if len(types) > len(page) else None
        return listed(request, EventTypeOut(page, many=True).data, following=following)
