"""Page that says to one person how they were told of something, or why not."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from delivery.reporting import why_not
from delivery.reporting.why_not import Answer
from events.accounts import User
from events.entities import Entity, parsed_entity, whole_number
from events.models import Event
from events.pages.decorators import page
from events.rules import channel_names
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.requests import person
from notifications.presentation import labels, times


@page
def why_not_page(request: HttpRequest) -> HttpResponse:
    """Page on what `about` names: an event by its number, an entity as type:id or by the link of its page."""
    about, inbox = request.GET.get("about", "").strip(), status_for(request)
    context: dict[str, Any] = {"about": about}
    subject = _subject(about)
    if subject is None:
        context["problem"] = _("That is no link of a page here. Copy it from your browser while the page is open.")
        return render(request, "carillon/delivery/why_not.html", context, status=400)
    try:
        answers = _answers(person(request), subject, now=inbox.now)
    except Event.DoesNotExist:
        context["problem"] = _("There is nothing of that name, or you may not see it.")
        return render(request, "carillon/delivery/why_not.html", context, status=404)
    context |= {"answers": [_shown(answer, inbox) for answer in answers]}
    return render(request, "carillon/delivery/why_not.html", context)


def _answers(user: User, subject: int | Entity, *, now: datetime) -> list[Answer]:
    if isinstance(subject, Entity):
        return why_not.of_entity(user, entity=subject, now=now)
    return [why_not.of_event(user, event_id=subject, now=now)]


def _subject(text: str) -> int | Entity | None:
    if (number := whole_number(text)) is not None:
        return number
    try:
        match = resolve(urlsplit(text).path)
    except (Resolver404, ValueError):
        return parsed_entity(text)
    if match.view_name != "carillon:entity":
        return None
    return parsed_entity(f"{match.kwargs['entity_type']}:{match.kwargs['entity_id']}")


def _shown(answer: Answer, inbox: InboxStatus) -> dict[str, Any]:
    event, names = answer.event, dict(channel_names.labels())
    return {
        "answer": answer,
        "category": event.event_type.category,
        "icon": labels.icon_of(event.event_type.name, category=event.event_type.category),
        "at": event.created_at,
        "when": times.short_time(event.created_at, now=inbox.now, zone=inbox.zone),
        "when_full": times.full_time(event.created_at, zone=inbox.zone),
        "channels": [(names.get(report.channel, report.channel), text) for report, text in answer.channels],
    }
