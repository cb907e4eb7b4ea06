"""A person's channels: the list, the form to add one, and each one's own page with what can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery import addresses, channels
from delivery.errors import AddressRefused
from delivery.models import Address
from delivery.pages import address_cards
from delivery.reporting import history
from notifications.pages.inbox_status import standing_for
from notifications.pages.requests import back, person


@never_cache
@login_required
@require_safe
def channels_page(request: HttpRequest) -> HttpResponse:
    standing, dead = standing_for(request), history.dead_by_address(person(request).pk)
    rows = addresses.of(person(request))
    cards = [address_cards.card_of(row, dead=dead.get(row.pk, 0), standing=standing) for row in rows]
    ordered = sorted(cards, key=lambda card: not card.is_enabled)
    return render(request, "carillon/delivery/channels.html", {"cards": ordered, "kinds": address_cards.kinds()})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_page(request: HttpRequest) -> HttpResponse:
    kinds = address_cards.kinds()
    chosen = request.POST.get("kind") or request.GET.get("kind") or (kinds[0][0] if kinds else "")
    if chosen not in channels.installed():
        chosen = ""
    context: dict[str, Any] = {"kinds": kinds, "kind": chosen, "options": addresses.OPTIONS.get(chosen, ())}
    if chosen:
        context["label"], context["hint"] = address_cards.hint_of(chosen)
    context |= {"retries": Address.Retry.choices, "formats": Address.Format.choices}
    if request.method != "POST":
        return render(request, "carillon/delivery/add_channel.html", context)
    try:
        made = _create(request, kind=chosen)
    except AddressRefused as refused:
        context |= {"refused": capfirst(refused.detail), "field": refused.field}
        return render(request, "carillon/delivery/add_channel.html", context, status=400)
    if made.secret:
        return _channel_page(request, made.address, secret=made.secret)
    messages.success(request, _("Added.") if made.address.verified_at else _("Added. A link to confirm it was sent."))
    return redirect("channel", made.address.pk)


@never_cache
@login_required
@require_safe
def channel_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    return _channel_page(request, _own(request, channel_id))


@never_cache
@login_required
@require_POST
def rotate(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The new secret is on this page and never again."""
    user = person(request)
    try:
        made = addresses.rotate_secret(user.pk, address_id=_own(request, channel_id).pk, now=timezone.now())
    except AddressRefused as refused:
        return _refused(request, channel_id, refused)
    return _channel_page(request, made.address, secret=made.secret)


@login_required
@require_POST
def change(request: HttpRequest, channel_id: int) -> HttpResponse:
    form = request.POST

    def act(user: User, now: datetime) -> str:
        addresses.change(user.pk, address_id=channel_id, now=now, retry=form.get("retry"), format=form.get("format"))
        return _("Saved")

    return _done(request, channel_id, act)


@login_required
@require_POST
def test(request: HttpRequest, channel_id: int) -> HttpResponse:
    def act(user: User, now: datetime) -> str:
        addresses.send_test(user.pk, address_id=channel_id, now=now)
        return _("A test is on its way; how it went is among your deliveries.")

    return _done(request, channel_id, act)


@login_required
@require_POST
def confirm(request: HttpRequest, channel_id: int) -> HttpResponse:
    def act(user: User, now: datetime) -> str:
        addresses.ask_to_confirm(user.pk, address_id=channel_id, now=now)
        return _("The link was sent once more.")

    return _done(request, channel_id, act)


@login_required
@require_POST
def switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    """On or off, as the form says."""
    is_on = request.POST.get("is_enabled") == "true"

    def act(user: User, now: datetime) -> str:
        addresses.change(user.pk, address_id=channel_id, now=now, is_enabled=is_on)
        return _("Switched on.") if is_on else _("Switched off. Its history stays.")

    return _done(request, channel_id, act)


@login_required
@require_POST
def recover(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Everything since a moment on the person's own clock."""

    def act(user: User, now: datetime) -> str:
        count = addresses.recover(user.pk, address_id=channel_id, since=_moment(request), now=now)
        text = ngettext("{n} missed delivery is on its way.", "{n} missed deliveries are on their way.", count)
        return text.format(n=count) if count else _("Nothing was missed since then.")

    return _done(request, channel_id, act)


def _create(request: HttpRequest, *, kind: str) -> addresses.AddressWithSecret:
    form = request.POST
    return addresses.create(
        person(request),
        kind=kind,
        target=form.get("target", "").strip(),
        now=timezone.now(),
        retry=form.get("retry", ""),
        format=form.get("format", ""),
    )


def _own(request: HttpRequest, channel_id: int) -> Address:
    try:
        return addresses.get(person(request).pk, address_id=channel_id)
    except Address.DoesNotExist as error:
        raise Http404("no such address of yours") from error


def _done(request: HttpRequest, channel_id: int, act: Callable[[User, datetime], str]) -> HttpResponse:
    """Do it and say so, or why not; back to where the form stood, or to the channel's page."""
    _own(request, channel_id)
    try:
        messages.success(request, act(person(request), timezone.now()))
    except AddressRefused as refused:
        return _refused(request, channel_id, refused)
    return _back(request, channel_id)


def _refused(request: HttpRequest, channel_id: int, refused: AddressRefused) -> HttpResponse:
    messages.error(request, capfirst(refused.detail))
    return _back(request, channel_id)


def _back(request: HttpRequest, channel_id: int) -> HttpResponse:
    return back(request) if request.POST.get("next") else redirect("channel", channel_id)


def _channel_page(request: HttpRequest, row: Address, *, secret: str = "") -> HttpResponse:
    standing = standing_for(request)
    dead = history.dead_by_address(standing.user_id).get(row.pk, 0)
    context = {
        "card": address_cards.card_of(row, dead=dead, standing=standing),
        "secret": secret,
        "zone": standing.zone.key,
        "retries": Address.Retry.choices,
        "formats": Address.Format.choices,
    }
    return render(request, "carillon/delivery/channel.html", context)


def _moment(request: HttpRequest) -> datetime:
    try:
        return datetime.fromisoformat(request.POST.get("since", "")).replace(tzinfo=standing_for(request).zone)
    except ValueError as error:
        detail = _("choose a date and a time, as in 2026-11-24 08:00")
        raise AddressRefused(detail, code="invalid", field="since") from error
