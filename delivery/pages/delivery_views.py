"""Views of the deliveries page, and of sending again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
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


@page
def deliveries_page(request: HttpRequest) -> HttpResponse:
    inbox, filters = status_for(request), delivery_list.filters_of(request.GET)
    for_staff = person(request).has_perm("carillon_delivery.view_delivery")
    known = delivery_list.known_to(inbox.user_id)
    if filters.address_id not in {None, *(row.pk for row in known.addresses)}:
        raise Http404
    rows, older = delivery_list.page_of(inbox, filters=filters, known=known, for_staff=for_staff)
    is_counted = not (filters.event_type or filters.day)
    named = None if filters.address_id is None else [filters.address_id]
    address_ids = named or [row.pk for row in known.addresses]
    counts = history.counts(inbox.user_id, address_ids=address_ids, with_held=named is None) if is_counted else None
    context = {
        "filters": filters,
        "chips": delivery_list.chips_of(filters, counts=counts),
        "chosen": delivery_list.chosen_of(filters, known=known),
        "choices": delivery_list.choices_of(known),
        "rows": rows,
        "older": older,
        "failed": delivery_list.failed_count(inbox, filters, known=known),
        "query": filters.query(),
        "everything": reverse("carillon:deliveries"),
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
    return back(request, otherwise="carillon:deliveries")


@form
def retry_all(request: HttpRequest) -> HttpResponse:
    """Send again all that failed, of those that the list shows, the newest thousand at a time."""
    _retry(request, delivery_list.filters_of(request.GET))
    return back(request, otherwise="carillon:deliveries")


@form
def retry_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    with missing_is_404(Address):
        addresses.get(person(request).pk, address_id=channel_id)
    _retry(request, delivery_list.Filters(address_id=channel_id))
    return redirect(f"{reverse('carillon:deliveries')}?channel={channel_id}")


def _retry(request: HttpRequest, filters: delivery_list.Filters) -> None:
    inbox = status_for(request)
    known = delivery_list.known_to(inbox.user_id)
    failed = delivery_list.failed(inbox, filters, known=known).values_list("pk", flat=True)
    ids = list(failed[: history.MOST_COUNTED])
    _say(request, len(outbox.resend(ids, now=clock.estimate())))
    if len(ids) == history.MOST_COUNTED:
        messages.info(request, _("Older ones have failed too: retry them once these have been sent."))


def _say(request: HttpRequest, count: int) -> None:
    if count:
        text = ngettext("{n} delivery is on its way again.", "{n} deliveries are on their way again.", count)
        messages.success(request, text.format(n=count))
    else:
        messages.info(request, _("Nothing to retry: it is on its way already, or was a moment ago."))
