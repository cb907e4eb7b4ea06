"""The inbox, its fragments, and a notification's own page."""

import logging
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events import accounts, rendering
from events.db import clock
from events.entities import whole_number
from events.models import Event
from events.pages.decorators import page
from events.rest.errors import missing_is_404
from notifications.inbox import feed, marking
from notifications.models import Notification
from notifications.pages import follow_control
from notifications.pages.feed import feed_of, filters_of, page_of, row_of, snooze_offers
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.requests import PAGE_SIZE, is_visit, person
from notifications.presentation import acknowledged, payload, times
from notifications.presentation.naming import entity_name
from notifications.websocket import snapshot

logger = logging.getLogger(__name__)

UNDO = "undo_read_all"


@page
def inbox_page(request: HttpRequest) -> HttpResponse:
    undo = request.session.pop(UNDO, None) if request.method == "GET" else None
    return render(request, "carillon/notifications/inbox.html", _feed(request, place="page") | {"undo": undo})


@page
def panel(request: HttpRequest) -> HttpResponse:
    return render(request, "carillon/feed.html", _feed(request, place="panel"))


@page
def rows(request: HttpRequest) -> HttpResponse:
    inbox, filters = status_for(request), filters_of(request.GET)
    days, older = page_of(inbox, filters=filters)
    context = {
        "days": days,
        "older": older,
        "filters": filters,
        "is_empty": not days and not filters.before,
        "place": "panel" if request.GET.get("place") == "panel" else "page",
    }
    return render(request, "carillon/rows.html", context)


@page
def counts(request: HttpRequest) -> JsonResponse:
    user = person(request)
    state = marking.state(user.pk)
    by_category = feed.unread_by_category(user.pk)
    return JsonResponse({"seq": state.seq, "unread_count": state.unread_count, "by_category": by_category})


@never_cache
@require_safe
def embed(request: HttpRequest) -> HttpResponse:
    """Fragments that a page of another project, under the same address, fills its two elements with."""
    return render(request, "carillon/embed.html")


@never_cache
@require_safe
def since(request: HttpRequest) -> JsonResponse:
    """The frames that a socket would greet with, for browsers that get no socket through. 401 also for a page of
    another person than the one who is signed in now."""
    if not request.user.is_authenticated or str(request.user.pk) != request.GET.get("user"):
        return JsonResponse({"frames": []}, status=401)
    seq = whole_number(request.GET.get("seq", ""))
    return JsonResponse({"frames": snapshot.since(person(request).pk, seq=seq, now=clock.estimate())})


@never_cache
@login_required
@require_safe
def open_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Read it and go to what it is about; to its own page where that is nowhere, or asked for by `?own=1`."""
    row = _own(request, notification_id)
    if is_visit(request):
        marking.read_from(person(request).pk, notification_id=notification_id, now=clock.estimate())
    target = "" if request.GET.get("own") else _target(feed.as_json(row)["url"])
    return redirect(target or reverse("carillon:notification-detail", args=[row.pk]))


@page
def detail(request: HttpRequest, notification_id: int) -> HttpResponse:
    row, inbox = _own(request, notification_id), status_for(request)
    shown, is_in_feed = row_of(row, inbox=inbox), row.channel == "in_app"
    about = _about(row.event)
    said = {"—", shown["display_title"], shown["display_body"], about["name"] if about else ""}
    of, name = (about["of"], about["name"]) if about else (None, "")
    above, below = feed.unread_beside(inbox.user_id, row=row) if is_in_feed else (None, None)
    before = whole_number(request.GET.get("before", ""))
    others = (
        feed.folded(inbox.user_id, notification_id=row.pk, limit=PAGE_SIZE + 1, before=before) if row.count > 1 else []
    )
    context = {
        "row": shown,
        "others": [row_of(one, inbox=inbox) for one in others[:PAGE_SIZE]],
        "older": others[PAGE_SIZE - 1].event_id if len(others) > PAGE_SIZE else None,
        "target": _target(shown["url"]),
        "is_in_feed": is_in_feed,
        "over": _over(row, inbox=inbox),
        "steps": _steps(row, inbox=inbox),
        "comes_again": row.event.event_type.is_active,
        "snooze_presets": snooze_offers(inbox),
        "about": about,
        "control": follow_control.offered(person(request), entity=of, name=name, inbox=inbox),
        "actor": accounts.full_name(row.event.actor_user) if row.event.actor_user else "",
        "facts": [fact for fact in _facts(row.event) if fact.value not in said],
        "above": row_of(above, inbox=inbox) if above else None,
        "below": row_of(below, inbox=inbox) if below else None,
    }
    return render(request, "carillon/notifications/detail.html", context)


def _about(event: Event) -> dict[str, Any] | None:
    """Name of what the event is about; None where that is nothing, or hidden from the person."""
    source = event.source
    if source is None or event.is_hidden:
        return None
    name = entity_name(source, [event.payload])
    return {"of": source, "name": name, "plain": source.words, "is_gone": source.is_gone}


def _over(row: Notification, *, inbox: InboxStatus) -> dict[str, str] | None:
    """Moment, event and person that ended it; None if it isn't over, or that event is pruned."""
    if row.event.resolved_by_id is None or row.event.is_hidden:
        return None
    ends = Event.objects.select_related("event_type", "actor_user").filter(pk=row.event.resolved_by_id).first()
    if ends is None:
        return None
    return {
        "since": times.full_time(ends.created_at, zone=inbox.zone),
        "title": rendering.render(ends, ends.event_type).shown_title,
        "who": accounts.full_name(ends.actor_user) if ends.actor_user else "",
    }


def _steps(row: Notification, *, inbox: InboxStatus) -> list[str]:
    """Sentences on whom it went on to, who is on it, or who is next; nothing of what never waited for anybody."""
    escalation = acknowledged.of_event(row.event) if row.acknowledged_by is not None else None
    if escalation is None:
        return []
    return acknowledged.story(escalation, row.event.event_type, now=inbox.now, zone=inbox.zone)


def _facts(event: Event) -> list[payload.Field]:
    people = accounts.everyone().filter(pk__in=payload.user_ids(event.payload))
    return payload.fields_of(event.payload, people={one.pk: accounts.public_name(one) for one in people})


def _feed(request: HttpRequest, *, place: str) -> dict[str, Any]:
    return feed_of(status_for(request), filters=filters_of(request.GET), place=place)


def _own(request: HttpRequest, notification_id: int) -> Notification:
    with missing_is_404(Notification):
        return feed.get_linked(person(request).pk, notification_id=notification_id)


def _target(url: str) -> str:
    """The address if this site has a page for it; never one that only opens notifications again."""
    try:
        match = resolve(urlsplit(url).path) if url else None
    except Resolver404:
        return ""
    except Exception:
        logger.exception("an app's converter can't read %s", url)
        return ""
    opens = match and (match.app_name, match.url_name) == ("carillon", "notification-open")
    return url if match and not opens else ""
