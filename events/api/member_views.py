"""/entities/{type}/{id}/members: who is tied to what, written by publishers."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.api.documentation import documented
from events.api.links import Paged, cursor_numbers, cursor_of, listed
from events.api.permissions import MayPublish, Unrestricted
from events.api.requests import body_of, query_of
from events.api.serializers import MemberIn, MemberOut
from events.entities import Entity
from events.memberships import grant, members_of, revoke
from events.refusals import UnknownUser


class MembersView(APIView):
    permission_classes = [Unrestricted, MayPublish]

    @documented(
        "list_members",
        summary="List the people tied to an entity, in the order they came",
        parameters=[Paged],
        answers={200: MemberOut(many=True)},
        refusals=[400, 404],
        is_list=True,
    )
    def get(self, request: Request, entity_type: str, entity_id: int) -> Response:
        query = query_of(request, as_=Paged)
        after = cursor_numbers(query.get("cursor"), count=1)
        members = members_of(Entity(entity_type, entity_id)).filter(id__gt=after[0] if after else 0)
        found = list(members.order_by("id")[: query["limit"] + 1])
        page = found[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].pk)} if len(found) > len(page) else None
        return listed(request, MemberOut(page, many=True).data, following=following)


class MemberView(APIView):
    """A key that is restricted to publishing may write memberships too: they decide who is told of its events."""

    def get_permissions(self) -> Sequence[BasePermission]:
        return [MayPublish()]

    @documented(
        "put_member",
        summary="Give a person their one role at an entity",
        request=MemberIn,
        answers={200: MemberOut},
        refusals=[404],
    )
    def put(self, request: Request, entity_type: str, entity_id: int, user_id: int) -> Response:
        role = body_of(request, as_=MemberIn)["role"]
        try:
            member = grant(Entity(entity_type, entity_id), user=user_id, role=role)
        except UnknownUser as error:
            raise NotFound(error.detail, code=error.code) from error
        return Response(MemberOut(member).data)

    @documented(
        "delete_member",
        summary="Take a person's tie to an entity away; 204 also when there was none",
        answers={204: None},
        refusals=[400, 404],
    )
    def delete(self, request: Request, entity_type: str, entity_id: int, user_id: int) -> Response:
        revoke(Entity(entity_type, entity_id), user=user_id)
        return Response(status=204)
