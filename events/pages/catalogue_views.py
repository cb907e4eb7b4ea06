"""The catalogue: what can happen here, what it holds, and who is told."""

import json
import shlex
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop

from events.models import EventType
from events.pages.decorators import page

PER_PAGE = 50

_TOLD = {
    "actor": gettext_noop("whoever did it"),
    "owner": gettext_noop("the owners of what it is about"),
    "owner_or_actor": gettext_noop("the owners of what it is about, or whoever did it where there is none"),
    "members": gettext_noop("the members of what it is about"),
    "watchers": gettext_noop("the watchers of what it is about"),
    "mentioned": gettext_noop("the people it mentions"),
    "admins": gettext_noop("admins"),
    "everyone": gettext_noop("everyone"),
}


@page
def catalogue_page(request: HttpRequest) -> HttpResponse:
    """Show a page of the event types; the queries don't grow with them."""
    paged = Paginator(EventType.objects.order_by("category", "name"), PER_PAGE)
    shown = paged.get_page(request.GET.get("page"))
    context = {"page": shown, "entries": [_entry(event_type) for event_type in shown]}
    return render(request, "carillon/events/catalogue.html", context)


def _entry(event_type: EventType) -> dict[str, Any]:
    sample = json.dumps(event_type.sample, ensure_ascii=False)
    return {
        "event_type": event_type,
        "category": gettext(event_type.category.replace("_", " ").capitalize()),
        "told": ", ".join(gettext(_TOLD[rule]) for rule in event_type.rules if rule in _TOLD),
        "channels": ", ".join(event_type.default_channels),
        "schema": _pretty(event_type.schema) if event_type.schema else "",
        "sample": _pretty(event_type.sample),
        "command": f"python manage.py publish {event_type.name} --source thing:1 --payload {shlex.quote(sample)}",
    }


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
