"""Summaries of what was held: above the feed, on a page of their own, and sent on request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.db import clock
from events.pages.decorators import form, page
from events.rest.errors import missing_is_404
from notifications.holds import release
from notifications.inbox import summaries
from notifications.models import Summary
from notifications.pages.feed import filters_of, note_of, notes_of, page_of
from notifications.pages.inbox_status import status_for
from notifications.pages.requests import changed, is_visit, person


@page
def summary_page(request: HttpRequest, summary_id: int) -> HttpResponse:
    """Notifications of a summary, newest first. Looking at it reads it, but not them."""
    inbox, filters = status_for(request), filters_of(request.GET)
    summary = _own(request, summary_id)
    days, older = page_of(inbox, filters=filters, summary_id=summary.pk)
    if is_visit(request):
        summaries.read(inbox.user_id, summary_id=summary.pk, now=inbox.now)
    context = {
        "note": note_of(summary),
        "count": summary.count,
        "days": days,
        "older": older,
        "is_first": filters.before is None,
    }
    return render(request, "carillon/notifications/summary.html", context)


@page
def above_feed(request: HttpRequest) -> HttpResponse:
    context = {"notes": notes_of(person(request).pk), "next": reverse("carillon:inbox")}
    return render(request, "carillon/summaries.html", context)


@form
def read(request: HttpRequest, summary_id: int) -> HttpResponse:
    summary = _own(request, summary_id)
    return changed(request, summaries.read(person(request).pk, summary_id=summary.pk, now=clock.estimate()))


@form
def send_digest(request: HttpRequest) -> HttpResponse:
    summary = release.send_digest(person(request).pk, now=clock.estimate())
    if summary is None:
        messages.info(request, _("Nothing to send: you've read everything collected so far."))
    else:
        sent = ngettext("Sent: {n} notification", "Sent: {n} notifications", summary.count)
        messages.success(request, sent.format(n=summary.count))
    return redirect(f"{reverse('carillon:preferences')}#when")


def _own(request: HttpRequest, summary_id: int) -> Summary:
    with missing_is_404(Summary):
        return summaries.get(person(request).pk, summary_id=summary_id)
