"""The deliveries page, and sending again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from delivery import addresses
from delivery.models import Address, Delivery
from delivery.outbox import outbox
from delivery.pages import delivery_list
from delivery.reporting import history
from notifications.pages.inbox_status import standing_for
from notifications.pages.requests import back, person

# Addresses with dead deliveries, above the list of them.
MOST_NAMED = 5


@never_cache
@login_required
@require_safe
def deliveries_page(request: HttpRequest) -> HttpResponse:
    standing, filters = standing_for(request), delivery_list.filters_of(request.GET)
    for_staff = person(request).has_perm("carillon_delivery.view_delivery")
    rows, older = delivery_list.page_of(standing, filters=filters, for_staff=for_staff)
    context = {
        "filters": filters,
        "chips": delivery_list.chips_of(filters, counts=history.counts(standing.user_id)),
        "rows": rows,
        "older": older,
        "named": _named(standing.user_id, filters),
        "everything": reverse("deliveries"),
    }
    return render(request, "carillon/delivery/deliveries.html", context)


@login_required
@require_POST
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """One, once more."""
    try:
        row = history.get(person(request).pk, delivery_id=delivery_id)
    except Delivery.DoesNotExist as error:
        raise Http404("no such delivery of yours") from error
    _say(request, outbox.resend([row.pk], now=timezone.now()))
    return back(request, otherwise="deliveries")


@login_required
@require_POST
def resend_dead(request: HttpRequest, channel_id: int) -> HttpResponse:
    """All dead ones of an address, the newest thousand at a time."""
    ids = history.dead_ids(person(request).pk, address_id=channel_id)
    _say(request, outbox.resend(ids, now=timezone.now()))
    return redirect(f"{reverse('deliveries')}?channel={channel_id}")


def _say(request: HttpRequest, count: int) -> None:
    if count:
        text = ngettext("{n} delivery is on its way again.", "{n} deliveries are on their way again.", count)
        messages.success(request, text.format(n=count))
    else:
        messages.info(request, _("Nothing to send again: it is on its way already."))


def _named(user_id: int, filters: delivery_list.Filters) -> list[dict[str, object]]:
    """The address whose deliveries are shown, or above dead ones those that have the most of them."""
    if filters.address_id is None and filters.state != "dead":
        return []
    dead = history.dead_by_address(user_id)
    if filters.address_id is None:
        most = sorted(dead, key=lambda address_id: -dead[address_id])[:MOST_NAMED]
        rows = [row for row in Address.objects.filter(pk__in=most, is_enabled=True) if dead[row.pk] > 1]
    else:
        rows = [_own(user_id, filters.address_id)]
    return [
        {
            "id": row.pk,
            "kind": delivery_list.channel_label(row.kind),
            "target": delivery_list.short_target(row),
            "dead": dead.get(row.pk, 0) if row.is_enabled else 0,
        }
        for row in rows
    ]


def _own(user_id: int, address_id: int) -> Address:
    try:
        return addresses.get(user_id, address_id=address_id)
    except Address.DoesNotExist as error:
        raise Http404("no such address of yours") from error
