"""/entities/{type}/{id}/members: who is tied to what, written by publishers."""

from collections.abc import Sequence
from typing import cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from events.accounts import User
from events.api.serializers import MemberIn, MemberOut
from events.entities import Entity
from events.errors import EntityRefused, UnknownUser
from events.memberships import grant, members_of, revoke
from events.rest.openapi import documented
from events.rest.pagination import Paged, listed_by_id
from events.rest.permissions import MayPublish, Unrestricted, check_members_covered, key_of
from events.rest.strict import body_of
from events.rest.views import ApiView

_TYPE = OpenApiParameter("entity_type", {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}, OpenApiParameter.PATH)


class MembersView(ApiView):
    permission_classes = [Unrestricted, MayPublish]

    @documented(
        "list_members",
        summary="List the people tied to an entity, in the order they came",
        parameters=[_TYPE, Paged],
        answers={200: MemberOut(many=True)},
        refusals=[400, 404],
    )
    def get(self, request: Request, entity_type: str, entity_id: int) -> Response:
        return listed_by_id(request, members_of(_entity(entity_type, entity_id)), as_=MemberOut)


class MemberView(ApiView):
    """A key that is restricted to publishing may write the memberships that decide who is told of its events."""

    def get_permissions(self) -> Sequence[BasePermission]:
        return [MayPublish()]

    @documented(
        "put_member",
        summary="Give a person their one role at an entity",
        request=MemberIn,
        parameters=[_TYPE],
        answers={200: MemberOut},
        refusals=[404],
    )
    def put(self, request: Request, entity_type: str, entity_id: int, user_id: int) -> Response:
        check_members_covered(request, entity_type)
        role = body_of(request, as_=MemberIn)["role"]
        try:
            at = _entity(entity_type, entity_id)
            member = grant(at, user=user_id, role=role, by=cast("User", request.user), key=key_of(request))
        except UnknownUser as error:
            raise NotFound(error.detail, code=error.code) from error
        return Response(MemberOut(member).data)

    @documented(
        "delete_member",
        parameters=[_TYPE],
        summary="Take a person's tie to an entity away; 204 also when there was none",
        answers={204: None},
        refusals=[400, 404],
    )
    def delete(self, request: Request, entity_type: str, entity_id: int, user_id: int) -> Response:
        check_members_covered(request, entity_type)
        revoke(_entity(entity_type, entity_id), user=user_id)
        return Response(status=204)


def _entity(kind: str, number: int) -> Entity:
    """The entity of an address, which has let only numbers through: the type alone can be wrong."""
    try:
        return Entity(kind, number)
    except EntityRefused as error:
        error.field = "entity_type"
        raise
