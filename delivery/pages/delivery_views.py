"""Views of the deliveries page, and of sending again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery import addresses
from delivery.models import Address, Delivery
from delivery.outbox import outbox
from delivery.pages import delivery_list
from delivery.reporting import history
from events.db import clock
from events.errors import Refused
from events.pages.decorators import form, page
from events.rest.errors import missing_is_404
from notifications.pages.inbox_status import status_for
from notifications.pages.requests import back, person

# Addresses with dead deliveries, above the list of them.
MOST_NAMED = 5


@page
def deliveries_page(request: HttpRequest) -> HttpResponse:
    inbox, filters = status_for(request), delivery_list.filters_of(request.GET)
    for_staff = person(request).has_perm("carillon_delivery.view_delivery")
    rows, older = delivery_list.page_of(inbox, filters=filters, for_staff=for_staff)
    context = {
        "filters": filters,
        "chips": delivery_list.chips_of(filters, counts=history.counts(inbox.user_id)),
        "rows": rows,
        "older": older,
        "named": _named(inbox.user_id, filters),
        "everything": reverse("deliveries"),
    }
    return render(request, "carillon/delivery/deliveries.html", context)


@form
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    with missing_is_404(Delivery):
        row = history.get(person(request).pk, delivery_id=delivery_id)
    try:
        _say(request, int(outbox.resend_one(row, now=clock.estimate())))
    except Refused as refused:
        messages.info(request, refused.detail)
    return back(request, otherwise="deliveries")


@form
def resend_dead(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send all dead ones of an address again, the newest thousand at a time."""
    with missing_is_404(Address):
        addresses.get(person(request).pk, address_id=channel_id)
    ids = history.dead_ids(person(request).pk, address_id=channel_id)
    _say(request, len(outbox.resend(ids, now=clock.estimate())))
    return redirect(f"{reverse('deliveries')}?channel={channel_id}")


def _say(request: HttpRequest, count: int) -> None:
    if count:
        text = ngettext("{n} delivery is on its way again.", "{n} deliveries are on their way again.", count)
        messages.success(request, text.format(n=count))
    else:
        messages.info(request, _("Nothing to send again: it is on its way already, or was a moment ago."))


def _named(user_id: int, filters: delivery_list.Filters) -> list[dict[str, object]]:
    """List the address whose deliveries are shown, or above dead ones those that have the most of them."""
    if filters.address_id is None and filters.state != "dead":
        return []
    dead = history.dead_by_address(user_id)
    if filters.address_id is None:
        most = sorted(dead, key=lambda address_id: -dead[address_id])[:MOST_NAMED]
        rows = [row for row in Address.objects.filter(pk__in=most, is_enabled=True) if dead[row.pk] > 1]
    else:
        with missing_is_404(Address):
            rows = [addresses.get(user_id, address_id=filters.address_id)]
    return [
        {
            "id": row.pk,
            "kind": delivery_list.channel_label(row.kind),
            "target": delivery_list.short_target(row.masked_target),
            "dead": dead.get(row.pk, 0) if row.is_enabled else 0,
        }
        for row in rows
    ]
