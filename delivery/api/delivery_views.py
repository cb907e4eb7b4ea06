"""/deliveries, and the explanation of whom an event reached."""

from typing import cast

from django.db import transaction
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from delivery.api.serializers import DeliveriesQuery, DeliveryOut, ExplainQuery, ExplanationOut, WhyNotOut, WhyNotQuery
from delivery.models import Delivery
from delivery.outbox import outbox
from delivery.reporting import explanation, explanation_output, history, why_not
from events import audit
from events.accounts import User
from events.api.serializers import EventOut
from events.db import clock
from events.errors import shown
from events.models import Event
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import cursor_of, listed
from events.rest.permissions import MayReadLog, Unrestricted
from events.rest.strict import query_of, user_id_of
from events.rest.views import ApiView


class DeliveriesView(ApiView):
    @documented(
        "list_deliveries",
        summary="List your deliveries, the newest first; everybody's with carillon_delivery.view_delivery",
        parameters=[DeliveriesQuery],
        answers={200: DeliveryOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=DeliveriesQuery)
        result = history.page(
            _owner(request, permission="carillon_delivery.view_delivery"),
            of_user=query.get("user_id"),
            states=_states(query.get("state")),
            address_id=query.get("channel_id"),
            before=query.get("cursor", (None,))[0],
            limit=query["limit"] + 1,
        )
        page = result[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].pk)} if len(result) > len(page) else None
        for_staff = _may_view_all(request)
        return listed(request, [history.as_json(row, for_staff=for_staff) for row in page], following=following)


class DeliveryView(ApiView):
    @documented(
        "show_delivery",
        summary="Show a delivery with its attempts",
        answers={200: DeliveryOut},
        refusals=[404],
    )
    def get(self, request: Request, delivery_id: int) -> Response:
        with missing_is_404(Delivery):
            row = history.get(_owner(request, permission="carillon_delivery.view_delivery"), delivery_id=delivery_id)
        return Response(history.as_json(row, for_staff=_may_view_all(request)))


class ResendView(ApiView):
    @documented(
        "resend_delivery",
        summary="Send again; another person's with carillon_delivery.change_delivery. 202 means it is on its way",
        answers={202: DeliveryOut},
        refusals=[400, 404, 409, 429],
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        owner = _owner(request, permission="carillon_delivery.change_delivery")
        with missing_is_404(Delivery), transaction.atomic():
            is_sent = outbox.resend_one(history.get(owner, delivery_id=delivery_id), now=clock.estimate())
            row = history.get(owner, delivery_id=delivery_id)
            if is_sent and row.address.user_id != user_id_of(request):
                audit.note([row], by=user_id_of(request), text=gettext("Send again"))
        return Response(history.as_json(row, for_staff=_may_view_all(request)), status=202)


class ExplainView(ApiView):
    permission_classes = (Unrestricted, MayReadLog)

    @documented(
        "explain_event",
        parameters=[ExplainQuery],
        summary="Say who was told of an event, how that went, and, as of now, why others were not",
        answers={200: ExplanationOut},
        refusals=[400, 404],
        is_list=True,
    )
    def get(self, request: Request, event_id: int) -> Response:
        query, now = query_of(request, as_=ExplainQuery), clock.estimate()
        with missing_is_404(Event):
            event = explanation.load(event_id)
        if "user_id" in query:
            result = explanation.explain_to(event, user_id=query["user_id"], now=now)
        else:
            after = query.get("cursor", (0,))[0]
            result = explanation.explain(event, now=now, after=after, limit=query["limit"])
        body = explanation_output.as_json(result, for_staff=_may_view_all(request))
        answer = listed(request, [], following={"cursor": cursor_of(result.following)} if result.following else None)
        answer.data = {"event": EventOut(event).data, **body}
        return answer


class WhyNotView(ApiView):
    @documented(
        "why_not",
        parameters=[WhyNotQuery],
        summary="Say how you were told of an event, or of the latest about an entity, and, as of now, why not",
        answers={200: WhyNotOut(many=True)},
        refusals=[400, 404],
    )
    def get(self, request: Request) -> Response:
        query, now, user = query_of(request, as_=WhyNotQuery), clock.estimate(), cast("User", request.user)
        with missing_is_404(Event):
            if "event" in query:
                answers = [why_not.of_event(user, event_id=query["event"], now=now)]
            else:
                answers = why_not.of_entity(user, entity=query["entity"], now=now)
        return listed(request, [why_not.as_json(answer, now=now) for answer in answers])


def _may_view_all(request: Request) -> bool:
    return request.user.has_perm("carillon_delivery.view_delivery")


def _owner(request: Request, *, permission: str) -> int | None:
    """User id whose deliveries may be used: None (everybody's) with the permission, the asker's own without."""
    return None if request.user.has_perm(permission) else user_id_of(request)


def _states(name: str | None) -> list[str]:
    if name is not None and name not in Delivery.State.values:
        known = ", ".join(Delivery.State.values)
        raise ValidationError({"state": f"state is {shown(name)}; accepted are {known}"}, code="unknown_state")
    return [] if name is None else [name]
