"""Publish an event by hand: staff only, through the same door as everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import EventType
from events.pages.decorators import page_with_form
from events.pages.publish_form import PublishForm, sample_of


@page_with_form
@permission_required("carillon_events.publish_event", raise_exception=True)
def publish_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "carillon/events/publish.html", {"form": _prefilled(request)})
    form = PublishForm(request.POST)
    event = form.publish(publisher=f"user:{request.user.pk}") if form.is_valid() else None
    if event is None:
        return render(request, "carillon/events/publish.html", {"form": form}, status=400)
    name = form.cleaned_data["event_type"].name
    messages.success(request, _("Published {name} as event {id}.").format(name=name, id=event.pk))
    return redirect(f"{reverse('publish')}?type={name}")


def _prefilled(request: HttpRequest) -> PublishForm:
    active = EventType.objects.filter(is_active=True)
    chosen = active.filter(name=request.GET.get("type", "job.completed")).first() or active.first()
    sample = sample_of(chosen) if chosen else "{}"
    return PublishForm(
        initial={"event_type": chosen.name if chosen else "", "actor": request.user.get_username(), "payload": sample}
    )
