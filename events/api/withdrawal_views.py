"""DELETE /events/{id}: an event is taken back."""

from collections.abc import Sequence
from typing import cast

from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from events import api_keys
from events.accounts import User
from events.api.serializers import WithdrawQuery
from events.errors import shown
from events.log.withdraw import withdraw
from events.models import Event
from events.rest import throttling
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.permissions import MayPublish, key_of
from events.rest.strict import query_of, user_id_of
from events.rest.views import ApiView


class EventView(ApiView):
    def get_permissions(self) -> Sequence[BasePermission]:
        return [MayPublish()]

    @documented(
        "withdraw_event",
        summary="Take an event back; 204 also when it was taken back before",
        parameters=[WithdrawQuery],
        answers={204: None},
        refusals=[400, 404, 409, 429],
    )
    def delete(self, request: Request, event_id: int) -> Response:
        reason = query_of(request, as_=WithdrawQuery)["reason"]
        user, publisher = cast("User", request.user), f"user:{user_id_of(request)}"
        with missing_is_404(Event):
            event = Event.objects.select_related("event_type").get(pk=event_id)
        if not user.is_staff and event.publisher != publisher:
            raise NotFound
        if not api_keys.may_publish(key_of(request), event.event_type.name):
            detail = f"This key may not withdraw {shown(event.event_type.name)}: it may not publish it."
            raise PermissionDenied(detail, code="key_restricted")
        throttling.spend(request, 1)
        with missing_is_404(Event):
            withdraw(event, reason=reason, actor=user, publisher=publisher)
        return Response(status=204)
