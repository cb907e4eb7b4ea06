"""/entities/{type}/{id}/members: who is tied to what, written by publishers."""

from collections.abc import Sequence
from typing import cast

from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from events.accounts import User
from events.api.serializers import MemberIn, MemberOut
from events.errors import UnknownUser
from events.memberships import grant, members_of, revoke
from events.rest.converters import entity_at
from events.rest.openapi import ENTITY_TYPE, documented
from events.rest.pagination import Paged, listed_by_id
from events.rest.permissions import MayPublish, Unrestricted, check_members_covered, key_of
from events.rest.strict import body_of
from events.rest.views import ApiView


class MembersView(ApiView):
    permission_classes = [Unrestricted, MayPublish]

    @documented(
        "list_members",
        summary="List the people tied to an entity, in the order they came",
        parameters=[ENTITY_TYPE, Paged],
        answers={200: MemberOut(many=True)},
        refusals=[400, 404],
    )
    def get(self, request: Request, entity_type: str, entity_id: int | str) -> Response:
        return listed_by_id(request, members_of(entity_at(entity_type, entity_id)), as_=MemberOut)


class MemberView(ApiView):
    """A key that is restricted to publishing may write the memberships that decide who is told of its events."""

    def get_permissions(self) -> Sequence[BasePermission]:
        return [MayPublish()]

    @documented(
        "put_member",
        summary="Give a person their one role at an entity",
        request=MemberIn,
        parameters=[ENTITY_TYPE],
        answers={200: MemberOut},
        refusals=[404],
    )
    def put(self, request: Request, entity_type: str, entity_id: int | str, user_id: int) -> Response:
        check_members_covered(request, entity_type)
        role = body_of(request, as_=MemberIn)["role"]
        try:
            at = entity_at(entity_type, entity_id)
            member = grant(at, user=user_id, role=role, by=cast("User", request.user), key=key_of(request))
        except UnknownUser as error:
            raise NotFound(error.detail, code=error.code) from error
        return Response(MemberOut(member).data)

    @documented(
        "delete_member",
        parameters=[ENTITY_TYPE],
        summary="Take a person's tie to an entity away; 204 also when there was none",
        answers={204: None},
        refusals=[400, 404],
    )
    def delete(self, request: Request, entity_type: str, entity_id: int | str, user_id: int) -> Response:
        check_members_covered(request, entity_type)
        revoke(entity_at(entity_type, entity_id), user=user_id)
        return Response(status=204)
