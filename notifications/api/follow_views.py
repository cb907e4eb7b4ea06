"""/entities/{type}/{id}/follow and /notifications/follows: what people watch by their own will."""

from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from events import memberships
from events.accounts import User
from events.models import Membership
from events.rest.converters import entity_at
from events.rest.errors import missing_is_404
from events.rest.openapi import ENTITY_TYPE, documented
from events.rest.pagination import Paged, listed_by_id
from events.rest.permissions import key_of
from events.rest.views import ApiView
from notifications.api.serializers import FollowOut
from notifications.preferences import following


class FollowView(ApiView):
    @documented(
        "follow_entity",
        summary="Follow an entity; 204 also when you did, and an owner or member stays one",
        parameters=[ENTITY_TYPE],
        answers={204: None},
        refusals=[400, 404],
    )
    def put(self, request: Request, entity_type: str, entity_id: int | str) -> Response:
        entity = entity_at(entity_type, entity_id)
        with missing_is_404(Membership):
            following.follow(cast("User", request.user), entity=entity, key=key_of(request))
        return Response(status=204)

    @documented(
        "unfollow_entity",
        summary="Follow an entity no longer; 204 also when you didn't, and an owner or member stays one",
        parameters=[ENTITY_TYPE],
        answers={204: None},
        refusals=[400, 404],
    )
    def delete(self, request: Request, entity_type: str, entity_id: int | str) -> Response:
        memberships.unfollow(entity_at(entity_type, entity_id), user=cast("User", request.user))
        return Response(status=204)


class FollowsView(ApiView):
    @documented(
        "list_follows",
        summary="List the entities you follow, in the order you began",
        parameters=[Paged],
        answers={200: FollowOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        return listed_by_id(request, memberships.followed_by(cast("User", request.user)), as_=FollowOut)
