"""/notifications/channels: a person's own addresses."""

from rest_framework.request import Request
from rest_framework.response import Response

from delivery import addresses, destinations
from delivery.api.serializers import (
    AddressChanges,
    AddressIn,
    AddressOut,
    DeliveryOut,
    RecoveredOut,
    RecoverIn,
    address_json,
)
from delivery.models import Address
from delivery.reporting.history import as_json
from events.accounts import User
from events.db import clock
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import Paged, cursor_of, listed
from events.rest.strict import body_of, query_of, user_id_of
from events.rest.views import ApiView


class AddressesView(ApiView):
    @documented(
        "list_channels",
        summary="List your addresses: webhooks, e-mail addresses, chats",
        parameters=[Paged],
        answers={200: AddressOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=Paged)
        after = query.get("cursor", (0,))[0]
        rows = [row for row in addresses.of(_user(request)) if row.pk > after]
        page = rows[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].pk)} if len(rows) > len(page) else None
        return listed(request, [address_json(row) for row in page], following=following)

    @documented(
        "add_channel",
        summary="Add an address; its secret is shown in this answer only",
        request=AddressIn,
        examples={"application/json": {"kind": "webhook", "url": "https://example.com/carillon"}},
        answers={201: AddressOut},
        refusals=[409, 429],
    )
    def post(self, request: Request) -> Response:
        body = body_of(request, as_=AddressIn)
        chosen = {name: body[name] for name in ("kind", "target", "retry", "format") if name in body}
        made = addresses.create(_user(request), now=clock.estimate(), **chosen)
        hint = destinations.overlap_of(made.address, user=_user(request))
        shown = address_json(made.address, secret=made.secret) | ({"hint": hint} if hint else {})
        return Response(shown, status=201)


class AddressView(ApiView):
    @documented("show_channel", summary="Show one address", answers={200: AddressOut}, refusals=[404])
    def get(self, request: Request, channel_id: int) -> Response:
        with missing_is_404(Address):
            return Response(address_json(addresses.get(user_id_of(request), address_id=channel_id)))

    @documented(
        "put_channel",
        summary="Change what you named of an address; another target is another address",
        request=AddressChanges,
        answers={200: AddressOut},
        refusals=[404, 409],
    )
    def put(self, request: Request, channel_id: int) -> Response:
        changes = body_of(request, as_=AddressChanges)
        with missing_is_404(Address):
            row = addresses.change(user_id_of(request), address_id=channel_id, now=clock.estimate(), **changes)
        return Response(address_json(row))

    @documented(
        "disable_channel",
        summary="Switch an address off; its history stays. 204 also when it was",
        answers={204: None},
        refusals=[404],
    )
    def delete(self, request: Request, channel_id: int) -> Response:
        with missing_is_404(Address):
            addresses.change(user_id_of(request), address_id=channel_id, now=clock.estimate(), is_enabled=False)
        return Response(status=204)


class TestView(ApiView):
    @documented(
        "test_channel",
        summary="Send a test; 202 means it is on its way",
        answers={202: DeliveryOut},
        refusals=[400, 404, 409, 429],
    )
    def post(self, request: Request, channel_id: int) -> Response:
        with missing_is_404(Address):
            row = addresses.send_test(user_id_of(request), address_id=channel_id, now=clock.estimate())
        return Response(as_json(row), status=202)


class VerifyView(ApiView):
    @documented(
        "verify_channel",
        summary="Send the confirmation link once more; a confirmed address gets none",
        answers={202: AddressOut},
        refusals=[404, 409, 429],
    )
    def post(self, request: Request, channel_id: int) -> Response:
        with missing_is_404(Address):
            row = addresses.ask_to_confirm(user_id_of(request), address_id=channel_id, now=clock.estimate())
        return Response(address_json(row), status=202)


class RotateSecretView(ApiView):
    @documented(
        "rotate_channel_secret",
        summary="Make a new secret, shown in this answer only; the old one signs too for 24 hours",
        answers={200: AddressOut},
        refusals=[400, 404, 409],
    )
    def post(self, request: Request, channel_id: int) -> Response:
        with missing_is_404(Address):
            made = addresses.rotate_secret(user_id_of(request), address_id=channel_id, now=clock.estimate())
        return Response(address_json(made.address, secret=made.secret))


class RecoverView(ApiView):
    @documented(
        "recover_channel",
        summary="Send again what an address has missed since a time, also what was never tried",
        request=RecoverIn,
        answers={202: RecoveredOut},
        refusals=[404, 409],
    )
    def post(self, request: Request, channel_id: int) -> Response:
        since = body_of(request, as_=RecoverIn)["since"]
        with missing_is_404(Address):
            count = addresses.recover(user_id_of(request), address_id=channel_id, since=since, now=clock.estimate())
        return Response({"count": count}, status=202)


def _user(request: Request) -> User:
    """The permissions have refused anonymous ones before."""
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker what the permissions have seen to
    return request.user
