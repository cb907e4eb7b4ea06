"""/destinations: webhooks and chats of projects and of the site, for whoever manages them."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from delivery import destinations
from delivery.api.destination_serializers import (
    DestinationChanges,
    DestinationIn,
    DestinationOut,
    DestinationsQuery,
    destination_json,
)
from delivery.api.serializers import DeliveryOut, RecoveredOut, RecoverIn
from delivery.models import Destination
from delivery.reporting.history import as_json
from events.accounts import User
from events.db import clock
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import cursor_of, listed
from events.rest.strict import body_of, query_of
from events.rest.views import ApiView


class DestinationsView(ApiView):
    @documented(
        "list_destinations",
        summary="List the destinations that you manage: of your own projects, and for staff all",
        parameters=[DestinationsQuery],
        answers={200: DestinationOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=DestinationsQuery)
        rows = destinations.managed_by(_user(request)).filter(pk__gt=query.get("cursor", (0,))[0])
        if "project_id" in query:
            rows = rows.filter(project_id=query["project_id"])
        found = list(rows[: query["limit"] + 1])
        page = found[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].pk)} if len(found) > len(page) else None
        return listed(request, [destination_json(row) for row in page], following=following)

    @documented(
        "add_destination",
        summary="Add a destination; its secret is shown in this answer only",
        request=DestinationIn,
        examples={
            "application/json": {
                "kind": "webhook",
                "url": "https://example.com/renders",
                "label": "#renders",
                "patterns": ["job.*"],
            }
        },
        answers={201: DestinationOut},
        refusals=[403, 404, 409],
    )
    def post(self, request: Request) -> Response:
        body: dict[str, Any] = body_of(request, as_=DestinationIn)
        made = destinations.create(_user(request), target=body.pop("url"), now=clock.estimate(), **body)
        hint = destinations.overlap_at(made.destination)
        shown = destination_json(made.destination, secret=made.secret) | ({"hint": hint} if hint else {})
        return Response(shown, status=201)


class DestinationView(ApiView):
    @documented("show_destination", summary="Show one destination", answers={200: DestinationOut}, refusals=[404])
    def get(self, request: Request, destination_id: int) -> Response:
        with missing_is_404(Destination):
            return Response(destination_json(destinations.get(_user(request), destination_id=destination_id)))

    @documented(
        "put_destination",
        summary="Change what you named of a destination; another URL is another destination",
        request=DestinationChanges,
        answers={200: DestinationOut},
        refusals=[404],
    )
    def put(self, request: Request, destination_id: int) -> Response:
        changes = body_of(request, as_=DestinationChanges)
        with missing_is_404(Destination):
            row = destinations.change(_user(request), destination_id=destination_id, now=clock.estimate(), **changes)
        return Response(destination_json(row))

    @documented(
        "delete_destination",
        summary="Delete a destination; what waits for it is skipped",
        answers={204: None},
        refusals=[404],
    )
    def delete(self, request: Request, destination_id: int) -> Response:
        with missing_is_404(Destination):
            destinations.delete(_user(request), destination_id=destination_id, now=clock.estimate())
        return Response(status=204)


class TestView(ApiView):
    @documented(
        "test_destination",
        summary="Send a test; 202 means it is on its way",
        answers={202: DeliveryOut},
        refusals=[400, 404, 409, 429],
    )
    def post(self, request: Request, destination_id: int) -> Response:
        with missing_is_404(Destination):
            row = destinations.send_test(_user(request), destination_id=destination_id, now=clock.estimate())
        return Response(as_json(row), status=202)


class RotateSecretView(ApiView):
    @documented(
        "rotate_destination_secret",
        summary="Make a new secret, shown in this answer only; the old one signs too for 24 hours",
        answers={200: DestinationOut},
        refusals=[400, 404, 409],
    )
    def post(self, request: Request, destination_id: int) -> Response:
        with missing_is_404(Destination):
            made = destinations.rotate_secret(_user(request), destination_id=destination_id, now=clock.estimate())
        return Response(destination_json(made.destination, secret=made.secret))


class RecoverView(ApiView):
    @documented(
        "recover_destination",
        summary="Send a destination what it missed: what died, was skipped or never tried since a moment",
        request=RecoverIn,
        answers={202: RecoveredOut},
        refusals=[404, 409],
    )
    def post(self, request: Request, destination_id: int) -> Response:
        since = body_of(request, as_=RecoverIn)["since"]
        with missing_is_404(Destination):
            count = destinations.recover(
                _user(request), destination_id=destination_id, since=since, now=clock.estimate()
            )
        return Response({"count": count}, status=202)


def _user(request: Request) -> User:
    return cast("User", request.user)
