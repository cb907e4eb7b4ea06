"""Pages behind links in mails: they work without signing in, and change something on POST only.

Programs that look at links ahead of people send GET. The POST of RFC 8058 comes from a mail provider: without cookies,
so without a CSRF token; the signed link is all the right there is, and it is for one thing.
"""

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from delivery import addresses, signed_links
from delivery.channels.email import unsubscribe as subscriptions
from delivery.models import Address
from delivery.signed_links import Confirmation, Subscription
from events.db import clock
from events.errors import PreferenceRefused

_UNDO = signing.Signer(salt="carillon.unsubscribe.undo")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the subscription; POST ends it. Twice is as good as once; the answer is never a redirect."""
    try:
        subscription = signed_links.read_unsubscribe(token)
        undo = _change(subscription, request) if request.method == "POST" else ""
        shown = {"status": subscriptions.status(subscription), "undo": undo}
    except (signed_links.InvalidLinkError, subscriptions.GoneError) as error:
        raise Http404(str(error)) from error
    except PreferenceRefused as refused:
        shown = {"title": _("This can't be turned off"), "text": refused.detail}
        return _page(request, "link", shown, status=409)
    return _page(request, "unsubscribe", shown)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    try:
        confirmation = signed_links.read_confirmation(token)
        address = _address_of(confirmation)
    except (signed_links.InvalidLinkError, Address.DoesNotExist) as error:
        raise Http404(str(error)) from error
    now = clock.estimate()
    if address.verified_at is None and confirmation.until <= now:
        text = _("Send yourself a new one from your Channels page.")
        return _page(request, "link", {"title": _("This link has expired"), "text": text}, status=410)
    if request.method == "POST":
        address = addresses.verify(confirmation.user_id, address_id=confirmation.address_id, now=now)
    return _page(request, "confirm_address", {"address": address})


def _change(subscription: Subscription, request: HttpRequest) -> str:
    """Change it, and return what the page needs to offer Undo; empty: nothing to undo."""
    if request.POST.get("again"):
        subscriptions.start(
            subscription, now=clock.estimate(), channels=_as_it_was(subscription, request.POST.get("was", ""))
        )
        return ""
    was = subscriptions.stop(subscription, now=clock.estimate())
    return "" if was is None else _UNDO.sign_object([subscription.user_id, subscription.event_type_id, was])


def _as_it_was(subscription: Subscription, signed: str) -> list[str] | None:
    try:
        user_id, event_type_id, channels = _UNDO.unsign_object(signed)
    except signing.BadSignature:
        return None
    return list(channels) if (user_id, event_type_id) == (subscription.user_id, subscription.event_type_id) else None


def _address_of(confirmation: Confirmation) -> Address:
    """Load the address. Raises Address.DoesNotExist, also if it reads otherwise by now or was switched off."""
    return Address.objects.select_related("user").get(
        pk=confirmation.address_id, user_id=confirmation.user_id, target=confirmation.target, is_enabled=True
    )


def _page(request: HttpRequest, name: str, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, f"carillon/delivery/{name}.html", shown, status=status)
    # The address is a right: no search engine keeps it, no other site learns it.
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
