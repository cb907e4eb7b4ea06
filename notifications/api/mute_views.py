"""/entities/{type}/{id}/mute and /notifications/mutes: what people want no word of."""

from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from events.accounts import User
from events.db import clock
from events.rest.converters import entity_at
from events.rest.errors import missing_is_404
from events.rest.openapi import ENTITY_TYPE, documented
from events.rest.pagination import Paged, listed_by_id
from events.rest.strict import body_of
from events.rest.views import ApiView
from notifications.api.serializers import MuteIn, MuteOut
from notifications.models import Mute
from notifications.preferences import muting


class MuteView(ApiView):
    @documented(
        "mute_entity",
        summary="Mute an entity, or all of a project, for good or until a moment; 204 also when you did",
        parameters=[ENTITY_TYPE],
        request=MuteIn,
        answers={204: None},
        refusals=[400, 404],
    )
    def put(self, request: Request, entity_type: str, entity_id: int | str) -> Response:
        entity, user = entity_at(entity_type, entity_id), cast("User", request.user)
        until = body_of(request, as_=MuteIn).get("until")
        with missing_is_404(Mute):
            muting.mute(user, entity=entity, until=until, now=clock.estimate())
        return Response(status=204)

    @documented(
        "unmute_entity",
        summary="Hear of an entity again; 204 also when it wasn't muted",
        parameters=[ENTITY_TYPE],
        answers={204: None},
        refusals=[400, 404],
    )
    def delete(self, request: Request, entity_type: str, entity_id: int | str) -> Response:
        muting.unmute(cast("User", request.user), entity=entity_at(entity_type, entity_id))
        return Response(status=204)


class MutesView(ApiView):
    @documented(
        "list_mutes",
        summary="List what you mute now, in the order you began",
        parameters=[Paged],
        answers={200: MuteOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        muted = muting.muted_by(cast("User", request.user), now=clock.estimate())
        return listed_by_id(request, muted, as_=MuteOut)
