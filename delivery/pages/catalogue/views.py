"""The catalogue: what can happen here, how it looks, who is told, and what a program must send."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from delivery.pages.catalogue.look import look_of
from events.accounts import User
from events.models import Event, EventType
from events.pages.decorators import page
from events.rules import audience, channel_names
from notifications.pages.inbox_status import status_for
from notifications.presentation import labels, type_words

PER_PAGE = 50


@page
def catalogue_page(request: HttpRequest) -> HttpResponse:
    """Show a page of the active event types, in the order of the inbox; the queries don't grow with them."""
    active = EventType.objects.filter(is_active=True)
    known = active.order_by().values_list("category", flat=True).distinct()
    ranked = enumerate(sorted(known, key=labels.category_order))
    rank = Case(*(When(category=category, then=number) for number, category in ranked), default=0)
    shown = Paginator(active.order_by(rank, "name"), PER_PAGE).get_page(request.GET.get("page"))
    named = {name for event_type in shown for name in event_type.resolved}
    ended = {kind.name: type_words.name(kind) for kind in EventType.objects.filter(name__in_set=named)}
    entries = [_entry(event_type, request, ended=ended) for event_type in shown]
    return render(request, "carillon/events/catalogue.html", {"page": shown, "entries": entries})


def _entry(event_type: EventType, request: HttpRequest, *, ended: Mapping[str, str]) -> dict[str, Any]:
    """`ended`: words for the types that those of the page resolve."""
    sample, user = json.dumps(event_type.sample, ensure_ascii=False), cast("User", request.user)
    known = dict(channel_names.labels())
    event = Event(event_type=event_type, payload=event_type.sample, actor_user=user)
    return {
        "event_type": event_type,
        "name": type_words.name(event_type),
        "about": type_words.about(event_type),
        "category": labels.category_plural(event_type.category),
        "icon": labels.icon_of(event_type.name, category=event_type.category),
        "is_failure": labels.is_failure(event_type.name),
        "told": audience.in_words(event_type.rules),
        "ends": ", ".join(ended[name] for name in event_type.resolved if name in ended),
        "channels": ", ".join(str(known.get(name, name)) for name in event_type.default_channels),
        "burst": _span(event_type.burst_seconds),
        "wait": _span(60 * (event_type.acknowledge_minutes or 0)) if event_type.escalation else "",
        "escalates": [audience.in_words([rule]) for rule in event_type.escalation],
        "look": look_of(event, to=user, inbox=status_for(request)),
        "schema": _pretty(event_type.schema) if event_type.schema else "",
        "sample": _pretty(event_type.sample),
        "command": f"python manage.py publish {event_type.name} --source thing:1 --payload {shlex.quote(sample)}",
    }


def _span(seconds: int) -> str:
    """Length of a burst's window in words; empty for none."""
    if seconds % 60:
        return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)
    return ngettext("{n} minute", "{n} minutes", seconds // 60).format(n=seconds // 60) if seconds else ""


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
