"""Publish an event by hand: staff only, through the same door as everybody."""

from typing import Any, cast

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from delivery.pages.catalogue.look import Look, look_of
from delivery.pages.catalogue.preview import is_for_script, problems_of
from delivery.pages.publish.form import PublishForm, sample_of
from delivery.reporting import explanation
from delivery.reporting.explanation_text import ROUTING
from events import rendering
from events.accounts import User
from events.db import clock
from events.entities import whole_number
from events.models import Event, EventType
from events.pages.decorators import page_with_form
from notifications.pages.inbox_status import status_for
from notifications.presentation import labels


@page_with_form
@permission_required("carillon_events.publish_event", raise_exception=True)
def publish_page(request: HttpRequest) -> HttpResponse:
    """Show the form; of what was sent a preview, or who would get it; or publish it."""
    if request.method != "POST":
        return _prefilled(request)
    form = PublishForm(request.POST)
    if "preview" in request.POST or is_for_script(request):
        return _page(request, form, look=_look(request, form.draft()))
    if "dry_run" in request.POST:
        outcome = form.dry_run(now=clock.estimate())
        return _page(request, form, outcome=outcome, look=_look(request, outcome.event if outcome else None))
    event = form.publish(publisher=f"user:{request.user.pk}")
    if event is None:
        return _page(request, form)
    return redirect(f"{reverse('carillon:publish')}?type={event.event_type.name}&published={event.pk}")


def _page(request: HttpRequest, form: PublishForm, *, look: Look | None = None, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "look": look,
        "problems": problems_of(form, fields=form.fields) if form.is_bound else [],
        "fields": " ".join(form.fields),
        **more,
    }
    if is_for_script(request):
        return render(request, "carillon/preview.html", context)
    status = 400 if form.errors else 200
    return render(request, "carillon/events/publish.html", context, status=status)


def _prefilled(request: HttpRequest) -> HttpResponse:
    active = EventType.objects.filter(is_active=True)
    chosen = active.filter(name=request.GET.get("type", "job.completed")).first() or active.first()
    sample = sample_of(chosen) if chosen else "{}"
    form = PublishForm(
        initial={"event_type": chosen.name if chosen else "", "actor": request.user.get_username(), "payload": sample}
    )
    event = Event(event_type=chosen, payload=chosen.sample, actor_user=cast("User", request.user)) if chosen else None
    return _page(request, form, look=_look(request, event), published=_published(request))


def _published(request: HttpRequest) -> dict[str, Any] | None:
    """Fate of the event that this person has just published: at most five queries, none without `published`."""
    number = whole_number(request.GET.get("published", ""))
    theirs = Event.objects.filter(pk=number, publisher=f"user:{request.user.pk}") if number is not None else None
    event = theirs.select_related("event_type", "actor_user").first() if theirs is not None else None
    if event is None:
        return None
    routing, title = explanation.routing_of([event])[event.pk], rendering.render(event, event.event_type).shown_title
    return {
        "event": event,
        "title": labels.type_name(event.event_type) if title == event.event_type.name else title,
        "told": explanation.count_notified(event),
        "is_on_its_way": routing in ("not_routed", "on_its_way"),
        "trouble": ROUTING[routing] if routing in ("parked", "set_aside") else "",
    }


def _look(request: HttpRequest, event: Event | None) -> Look | None:
    return look_of(event, to=cast("User", request.user), inbox=status_for(request)) if event else None
