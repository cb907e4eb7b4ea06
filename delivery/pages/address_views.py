"""Pages of a person's channels: the list, the form to add one, and each one's own with what can be done to it."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from delivery import addresses, channels, destinations
from delivery.errors import AddressRefused
from delivery.models import Address
from delivery.pages import address_cards
from events.db import clock
from events.errors import Refused
from events.pages.decorators import form, page, page_with_form
from events.rest.errors import missing_is_404
from events.rules import moments
from notifications.pages.inbox_status import status_for
from notifications.pages.requests import back, person


def action(act: Callable[[HttpRequest, int], str]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Form that does something to a channel and says so, or why not; answered by the page it stood on."""

    @form
    @wraps(act)
    def view(request: HttpRequest, channel_id: int) -> HttpResponse:
        try:
            with missing_is_404(Address):
                addresses.get(person(request).pk, address_id=channel_id)
                messages.success(request, act(request, channel_id))
        except Refused as refused:
            messages.error(request, capfirst(refused.detail))
        return _back(request, channel_id)

    return view


@page
def channels_page(request: HttpRequest) -> HttpResponse:
    return _channels_page(request, kind=next((kind for kind, _label in address_cards.kinds()), ""))


@page_with_form
def add_page(request: HttpRequest) -> HttpResponse:
    """Page of the channels with the form open; its second button tests what was typed, and stores nothing."""
    kinds = address_cards.kinds()
    kind = request.POST.get("kind") or request.GET.get("kind") or (kinds[0][0] if kinds else "")
    if kind not in channels.installed():
        kind = ""
    if request.method != "POST":
        return _channels_page(request, kind=kind, is_adding=True)
    target, format_ = request.POST.get("target", "").strip(), request.POST.get("format", "")
    retry, user, now = request.POST.get("retry", ""), person(request), clock.estimate()
    try:
        if "test" in request.POST:
            tried = addresses.try_out(user, kind=kind, target=target, now=now, format=format_)
            return _channels_page(request, kind=kind, is_adding=True, trial=address_cards.trial_of(tried))
        made = addresses.create(user, kind=kind, target=target, now=now, retry=retry, format=format_)
    except AddressRefused as refused:
        said = capfirst(refused.detail)
        return _channels_page(request, kind=kind, status=refused.http_status, is_adding=True, refused=said)
    if overlap := destinations.overlap_of(made.address, user=user):
        messages.info(request, overlap)
    if made.secret:
        return _channel_page(request, made.address, secret=made.secret)
    messages.success(request, _("Added.") if made.address.verified_at else _("Added. A link to confirm it was sent."))
    return redirect("carillon:channel", made.address.pk)


@page
def channel_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    with missing_is_404(Address):
        return _channel_page(request, addresses.get(person(request).pk, address_id=channel_id))


@never_cache
@form
def rotate(request: HttpRequest, channel_id: int) -> HttpResponse:
    try:
        with missing_is_404(Address):
            made = addresses.rotate_secret(person(request).pk, address_id=channel_id, now=clock.estimate())
    except AddressRefused as refused:
        messages.error(request, capfirst(refused.detail))
        return _back(request, channel_id)
    return _channel_page(request, made.address, secret=made.secret)


@action
def change(request: HttpRequest, channel_id: int) -> str:
    retry, format_ = request.POST.get("retry"), request.POST.get("format")
    addresses.change(person(request).pk, address_id=channel_id, now=clock.estimate(), retry=retry, format=format_)
    return _("Saved")


@action
def test(request: HttpRequest, channel_id: int) -> str:
    addresses.send_test(person(request).pk, address_id=channel_id, now=clock.estimate())
    return _("A test is on its way; how it went is among your deliveries.")


@action
def confirm(request: HttpRequest, channel_id: int) -> str:
    addresses.ask_to_confirm(person(request).pk, address_id=channel_id, now=clock.estimate())
    return _("The link was sent once more.")


@action
def switch(request: HttpRequest, channel_id: int) -> str:
    is_on = request.POST.get("is_enabled") == "true"
    addresses.change(person(request).pk, address_id=channel_id, now=clock.estimate(), is_enabled=is_on)
    return _("Resumed.") if is_on else _("Paused. Its history stays.")


@action
def recover(request: HttpRequest, channel_id: int) -> str:
    since, now = _moment(request), clock.estimate()
    count = addresses.recover(person(request).pk, address_id=channel_id, since=since, now=now)
    text = ngettext("{n} missed delivery is on its way.", "{n} missed deliveries are on their way.", count)
    return text.format(n=count) if count else _("Nothing was missed since then.")


def _back(request: HttpRequest, channel_id: int) -> HttpResponse:
    return back(request) if request.POST.get("next") else redirect("carillon:channel", channel_id)


def _channels_page(request: HttpRequest, *, kind: str, status: int = 200, **adding: Any) -> HttpResponse:
    cards = address_cards.cards_of(addresses.of(person(request)), inbox=status_for(request))
    context = {
        "cards": sorted(cards, key=lambda card: not card["address"].is_enabled),
        "kinds": address_cards.kinds(),
        "kind": kind,
        "options": addresses.OPTIONS.get(kind, ()),
        "is_manager": destinations.is_manager(person(request)),
        "can_try": addresses.can_try(kind),
        "retries": address_cards.retries(),
        "formats": Address.Format.choices,
    }
    if kind:
        context["label"], context["hint"] = address_cards.hint_of(kind)
    return render(request, "carillon/delivery/channels.html", context | adding, status=status)


def _channel_page(request: HttpRequest, row: Address, *, secret: str = "") -> HttpResponse:
    inbox = status_for(request)
    context = {
        "card": address_cards.cards_of([row], inbox=inbox)[0],
        "secret": secret,
        "zone": inbox.zone.key,
        "retries": address_cards.retries(),
        "formats": Address.Format.choices,
    }
    return render(request, "carillon/delivery/channel.html", context)


def _moment(request: HttpRequest) -> datetime:
    return moments.on_wall_clock(request.POST.get("since", ""), zone=status_for(request).zone, field="since")
