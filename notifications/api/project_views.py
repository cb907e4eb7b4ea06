"""/projects/{id}/defaults and /notifications/projects: preferences that follow projects."""

from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from events.accounts import User
from events.db import clock
from events.models import EventType, Membership
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import Paged, listed, listed_by_id
from events.rest.strict import body_of, user_id_of
from events.rest.views import ApiView
from notifications.api.serializers import ProjectDefaultIn, ProjectDefaultOut, ProjectScopeIn, ProjectScopeOut
from notifications.preferences import projects


class DefaultsView(ApiView):
    @documented(
        "list_project_defaults",
        summary="List a project's defaults for all event types, on one page; for its owners",
        answers={200: ProjectDefaultOut(many=True)},
        refusals=[404],
    )
    def get(self, request: Request, project_id: int) -> Response:
        _check(request, project_id)
        return listed(request, [projects.default_as_json(row) for row in projects.defaults_of(project_id)])


class DefaultView(ApiView):
    @documented(
        "put_project_default",
        summary="Change what you named of a project's default for one event type; for its owners",
        request=ProjectDefaultIn,
        answers={200: ProjectDefaultOut},
        refusals=[404],
    )
    def put(self, request: Request, project_id: int, event_type_id: int) -> Response:
        _check(request, project_id)
        changes = body_of(request, as_=ProjectDefaultIn)
        with missing_is_404(EventType):
            row = projects.change_default(project_id, event_type_id=event_type_id, now=clock.estimate(), **changes)
        return Response(projects.default_as_json(row))

    @documented(
        "delete_project_default",
        summary="Let the type's own default count in a project again; 204 also when it did; for its owners",
        answers={204: None},
        refusals=[404],
    )
    def delete(self, request: Request, project_id: int, event_type_id: int) -> Response:
        _check(request, project_id)
        projects.remove_default(project_id, event_type_id=event_type_id)
        return Response(status=204)


class ScopesView(ApiView):
    @documented(
        "list_project_scopes",
        summary="List what you want from each project, where you said so",
        parameters=[Paged],
        answers={200: ProjectScopeOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        return listed_by_id(request, projects.scopes_of(user_id_of(request)), as_=ProjectScopeOut)


class ScopeView(ApiView):
    @documented(
        "put_project_scope",
        summary="Say what you want from a project, whatever the scope of each type",
        request=ProjectScopeIn,
        answers={204: None},
        refusals=[404],
    )
    def put(self, request: Request, project_id: int) -> Response:
        scope = body_of(request, as_=ProjectScopeIn)["scope"]
        with missing_is_404(Membership):
            projects.set_scope(cast("User", request.user), project_id=project_id, scope=scope, now=clock.estimate())
        return Response(status=204)

    @documented(
        "delete_project_scope",
        summary="Let the scope of each type count in a project again; 204 also when it did",
        answers={204: None},
        refusals=[404],
    )
    def delete(self, request: Request, project_id: int) -> Response:
        projects.set_scope(cast("User", request.user), project_id=project_id, scope=None, now=clock.estimate())
        return Response(status=204)


def _check(request: Request, project_id: int) -> None:
    with missing_is_404(Membership):
        projects.check_owner(cast("User", request.user), project_id=project_id)
