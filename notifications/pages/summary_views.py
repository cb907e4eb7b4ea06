"""What do-not-disturb, quiet hours and digests gave back: above the feed, on a page of its own, and sent on request."""

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
from django.views.decorators.http import require_GET, require_POST, require_safe

from notifications.holds import release, summaries
from notifications.inbox import feed
from notifications.inbox.marking import State
from notifications.models import Summary
from notifications.pages.feed import PAGE_SIZE, by_day, filters_of, note_of, notes_of, row_of
from notifications.pages.inbox_status import standing_for
from notifications.pages.requests import back, is_prefetch, is_script, person, with_state


@never_cache
@login_required
@require_safe
def summary_page(request: HttpRequest, summary_id: int) -> HttpResponse:
    """Its notifications, newest first. Looking at it reads it; they stay unread until they are read themselves."""
    standing, filters = standing_for(request), filters_of(request.GET)
    summary = _own(request, summary_id)
    found = feed.page(standing.user_id, limit=PAGE_SIZE + 1, before=filters.before, summary_id=summary.pk)
    rows = [row_of(row, now=standing.now, zone=standing.zone) for row in found[:PAGE_SIZE]]
    last = rows[-1] if len(found) > PAGE_SIZE else None
    if not is_prefetch(request):
        summaries.read(standing.user_id, summary_id=summary.pk, now=standing.now)
    context = {
        "note": note_of(summary),
        "count": summary.count,
        "days": by_day(rows, now=standing.now, zone=standing.zone),
        "older": filters.query(before=f"{last.feed_seq}-{last.id}") if last else "",
        "is_first": filters.before is None,
    }
    return render(request, "carillon/notifications/summary.html", context)


@never_cache
@login_required
@require_GET
def above_feed(request: HttpRequest) -> HttpResponse:
    """The rows above the feed, as the feed's own template makes them."""
    context = {"notes": notes_of(person(request).pk), "next": reverse("inbox")}
    return render(request, "carillon/summaries.html", context)


@login_required
@require_POST
def read(request: HttpRequest, summary_id: int) -> HttpResponse:
    summary = _own(request, summary_id)
    state = summaries.read(person(request).pk, summary_id=summary.pk, now=timezone.now())
    return _answer(request, state)


@login_required
@require_POST
def send_digest(request: HttpRequest) -> HttpResponse:
    summary = release.send_digest(person(request).pk, now=timezone.now())
    if summary is None:
        messages.info(request, _("There is nothing to send: all that was collected is read."))
    else:
        sent = ngettext("Sent: {n} notification", "Sent: {n} notifications", summary.count)
        messages.success(request, sent.format(n=summary.count))
    return redirect("preferences")


def _answer(request: HttpRequest, state: State) -> HttpResponse:
    return with_state(HttpResponse(status=204) if is_script(request) else back(request), state)


def _own(request: HttpRequest, summary_id: int) -> Summary:
    try:
        return summaries.one(person(request).pk, summary_id=summary_id)
    except Summary.DoesNotExist as error:
        raise Http404("no such summary of yours") from error
