"""GET /event-types: what can be published, with schema and sample."""

from rest_framework.request import Request
from rest_framework.response import Response

from events.api.serializers import EventTypeOut
from events.models import EventType
from events.rest.openapi import documented
from events.rest.pagination import Paged, listed_by_id
from events.rest.views import ApiView


class EventTypesView(ApiView):
    @documented(
        "list_event_types",
        summary="List the event types with their schemas and samples",
        parameters=[Paged],
        answers={200: EventTypeOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        return listed_by_id(request, EventType.objects.all(), as_=EventTypeOut)
