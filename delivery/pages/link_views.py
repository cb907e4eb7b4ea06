"""Pages behind links in mails: they work without signing in, and change something on POST only.

Programs that look at links ahead of people send GET. The POST of RFC 8058 comes from a mail provider: without cookies,
so without a CSRF token; the signed link is all the right there is, and it is for one thing.
"""

from collections.abc import Callable
from typing import Any

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from delivery import addresses, signed_links
from delivery.channels.email import unsubscribe as subscriptions
from delivery.models import Address
from delivery.signed_links import Confirmation, Subscription
from events import accounts, rendering
from events.db import clock
from events.errors import AcknowledgementRefused, EntityRefused, PreferenceRefused
from notifications.escalations import acknowledge as acknowledging
from notifications.pages.follow_control import muted_text
from notifications.pages.inbox_status import status_of
from notifications.preferences import muting, presets
from notifications.presentation import acknowledged

_UNDO = signing.Signer(salt="carillon.unsubscribe.undo")

View = Callable[[HttpRequest, str], HttpResponse]


def _behind_a_link(view: View) -> View:
    """Take requests as they come from mail programs and providers: without cookies, and nothing of it is cached."""
    return csrf_exempt(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


@_behind_a_link
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the subscription; POST ends it. Twice is as good as once; the answer is never a redirect."""
    try:
        subscription = signed_links.read_unsubscribe(token)
        undo = _change(subscription, request) if request.method == "POST" else ""
        shown = {"status": subscriptions.status(subscription), "undo": undo}
    except signed_links.InvalidLinkError:
        text = _("Copy the whole link from the mail, or choose in your preferences which e-mails you get.")
        return _broken(request, _("This link is damaged"), text, status=404)
    except subscriptions.GoneError:
        text = _("The account or the kind of event it was for is gone, so there is nothing left to stop.")
        return _broken(request, _("This link no longer works"), text, status=410)
    except PreferenceRefused:
        text = _("An admin keeps these e-mails on. In your preferences you can choose the others.")
        return _broken(request, _("You can't turn this off"), text, status=409)
    return _page(request, "unsubscribe", shown | {"person": subscription.user_id})


@_behind_a_link
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """Show what would be muted; POST mutes it, for good or until tomorrow, or takes that back."""
    try:
        link = signed_links.read_mute(token)
        user, inbox = accounts.active().get(pk=link.user_id), status_of(link.user_id, now=clock.estimate())
        if request.method == "POST" and request.POST.get("unmute"):
            muting.unmute(user, entity=link.entity)
        elif request.method == "POST":
            is_short = request.POST.get("until") == "tomorrow"
            until = presets.moment_of("tomorrow", now=inbox.now, zone=inbox.zone) if is_short else None
            muting.mute(user, entity=link.entity, until=until, now=inbox.now)
    except signed_links.InvalidLinkError:
        text = _("Copy the whole link from the mail, or mute it on its page.")
        return _broken(request, _("This link is damaged"), text, status=404)
    except (ObjectDoesNotExist, EntityRefused):
        text = _("You no longer have access to what it was about, or the account is gone.")
        return _broken(request, _("This link no longer works"), text, status=410)
    muted = muting.muted_by(user, now=inbox.now).filter(**link.entity.columns("entity")).first()
    shown = {"name": link.name, "muted": muted_text(muted, inbox=inbox) if muted else ""}
    return _page(request, "mute", shown | {"person": user.pk})


@_behind_a_link
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Show what nobody is on yet, or who is; POST acknowledges it, and twice is as good as once."""
    try:
        link = signed_links.read_acknowledge(token)
        user = accounts.active().get(pk=link.user_id)
        if request.method == "POST":
            acknowledging.acknowledge(user.pk, notification_id=link.notification_id, now=clock.estimate())
        row, found = acknowledging.load(user.pk, notification_id=link.notification_id)
    except signed_links.InvalidLinkError:
        text = _("Copy the whole link from the mail, or acknowledge it in your inbox.")
        return _broken(request, _("This link is damaged"), text, status=404, way_on="inbox")
    except ObjectDoesNotExist:
        text = _("It was withdrawn, you no longer have access to it, or the account is gone.")
        return _broken(request, _("This link no longer works"), text, status=410, way_on="inbox")
    except AcknowledgementRefused:
        text = _("It is over by now, or nobody needs to acknowledge it any more.")
        return _broken(request, _("There is nothing left to acknowledge"), text, status=409, way_on="inbox")
    title = rendering.render(row.event, row.event.event_type).shown_title
    shown = {"name": title, "on_it": acknowledged.on_it(acknowledged.name_of(found)), "person": user.pk}
    return _page(request, "acknowledge", shown)


@_behind_a_link
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    try:
        confirmation = signed_links.read_confirmation(token)
        address = _address_of(confirmation)
    except signed_links.InvalidLinkError:
        text = _("Copy the whole link from the mail, or send yourself a new one from your Channels page.")
        return _broken(request, _("This link is damaged"), text, status=404, way_on="channels")
    except Address.DoesNotExist:
        text = _(
            "The address was changed or removed after this mail was sent. Your Channels page shows those you have."
        )
        return _broken(request, _("This link no longer works"), text, status=410, way_on="channels")
    now = clock.estimate()
    if address.verified_at is None and confirmation.until <= now:
        text = _("Send yourself a new one from your Channels page.")
        return _broken(request, _("This link has expired"), text, status=410, way_on="channels")
    if request.method == "POST":
        address = addresses.verify(confirmation.user_id, address_id=confirmation.address_id, now=now)
    return _page(request, "confirm_address", {"address": address, "person": address.user_id})


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


def _broken(request: HttpRequest, title: str, text: str, *, status: int, way_on: str = "preferences") -> HttpResponse:
    return _page(
        request, "broken_link", {"title": title, "text": text, "way_on": reverse(f"carillon:{way_on}")}, status=status
    )


def _page(request: HttpRequest, name: str, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, f"carillon/delivery/{name}.html", shown, status=status)
    # The address is a right: no search engine keeps it, no other site learns it.
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
