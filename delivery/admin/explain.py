"""An event's story for staff: who was told, over what, how that went; and why somebody was not."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from delivery.reporting import explanation, explanation_output
from events import accounts, rendering
from events.admin.base import user_ids
from events.db import clock
from events.entities import whole_number
from events.models import Event


def explain_view(request: HttpRequest, event_id: int) -> HttpResponse:
    """Needs `carillon_events.view_event`; addresses connected to and answers also `carillon_delivery.view_delivery`."""
    if not request.user.has_perm("carillon_events.view_event"):
        raise PermissionDenied
    try:
        event = explanation.load(event_id)
    except Event.DoesNotExist as error:
        raise Http404("no such event") from error
    asked, now = request.GET.get("user", "").strip(), clock.estimate()
    user_id = _one_person(request, asked) if asked else None
    if user_id is not None:
        result = explanation.explain_to(event, user_id=user_id, now=now)
    else:
        result = explanation.explain(event, now=now, after=whole_number(request.GET.get("after", "")) or 0)
    for_staff = request.user.has_perm("carillon_delivery.view_delivery")
    context = {
        **admin.site.each_context(request),
        "title": _("Who was told, why, and why not"),
        "subtitle": rendering.render(event, event.event_type).title,
        "event": event,
        "opts": Event._meta,
        "asked": asked,
        "result": explanation_output.as_json(result, for_staff=for_staff),
        "following": result.following,
    }
    return render(request, "admin/carillon_delivery/explain.html", context)


def _one_person(request: HttpRequest, asked: str) -> int | None:
    """An exact username first: it may be a part of others'."""
    exact = accounts.named(asked).values_list("pk", flat=True).first()
    meant = user_ids(asked)
    if exact is not None or len(meant) == 1:
        return exact if exact is not None else meant[0]
    text = _("Several people are meant by that; give a whole username.") if meant else _("There is no such person.")
    messages.warning(request, text)
    return None
