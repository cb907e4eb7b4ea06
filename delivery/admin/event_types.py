"""Event types with a preview, as they are written: how an event of the type looks, and who would be told of it."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from delivery.pages.catalogue.look import look_of
from delivery.pages.catalogue.preview import is_for_script, is_too_long, problems_of
from delivery.pages.publish.form import AboutForm
from delivery.reporting import rehearsal
from events import rendering
from events.accounts import User
from events.admin.event_types import EventTypeAdmin
from events.db import clock
from events.errors import AudienceFailed
from events.models import Event, EventType
from events.rest.converters import path
from notifications.pages.inbox_status import status_for

# What a look is made of, and what the dry run asks for besides.
LOOK_FIELDS = ("title_template", "body_template", "url_template", "schema", "sample")
TOLD_FIELDS = (*LOOK_FIELDS, "audience", "default_channels")

admin.site.unregister(EventType)


@admin.register(EventType)
class PreviewedEventTypeAdmin(EventTypeAdmin):
    change_form_template = "admin/carillon_delivery/event_type.html"

    def get_urls(self) -> list[Any]:
        view, name = self.admin_site.admin_view(require_POST(self.preview_view)), "carillon_events_eventtype_preview"
        return [
            path("preview/", view, name=name),
            path("<bigint:type_id>/preview/", view, name=name),
            *super().get_urls(),
        ]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: EventType | None = None,
    ) -> HttpResponse:
        form = context["adminform"].form
        context |= {"about": AboutForm(prefix="about"), "fields": " ".join(LOOK_FIELDS), "is_marked": True}
        context |= looked_at(form, request) if form.is_bound else shown(obj or EventType(), request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def preview_view(self, request: HttpRequest, type_id: int | None = None) -> HttpResponse:
        """Show the type as the form has it, or with `dry_run` who would be told of its sample. Nothing is stored."""
        obj = None if type_id is None else get_object_or_404(EventType, pk=type_id)
        if not (self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)):
            raise PermissionDenied
        if is_too_long(request.POST):
            return HttpResponse(status=413)
        form = self.get_form(request, obj, change=obj is not None)(request.POST, instance=obj)
        is_told = "dry_run" in request.POST
        if is_told and not request.user.has_perm("carillon_events.publish_event"):
            raise PermissionDenied
        context = told(form, request) if is_told else looked_at(form, request)
        if is_for_script(request):
            return render(request, "carillon/preview.html", context)
        context |= {**self.admin_site.each_context(request), "title": _("Preview"), "opts": self.opts}
        return render(request, "admin/carillon_delivery/preview.html", context)


def looked_at(form: ModelForm[EventType], request: HttpRequest) -> dict[str, Any]:
    problems = problems_of(form, fields=LOOK_FIELDS)
    return {"problems": problems} if problems else shown(form.instance, request)


def told(form: ModelForm[EventType], request: HttpRequest) -> dict[str, Any]:
    about, now = AboutForm(request.POST, prefix="about"), clock.estimate()
    if problems := [*problems_of(form, fields=TOLD_FIELDS), *problems_of(about, fields=about.fields)]:
        return {"problems": problems}
    form.instance.pk = form.instance.pk or 0
    try:
        return {"outcome": rehearsal.dry_run(about.event(form.instance, now=now), now)}
    except AudienceFailed as failed:
        form.add_error("audience", failed.detail)
        return {"problems": problems_of(form, fields=TOLD_FIELDS)}


def shown(event_type: EventType, request: HttpRequest) -> dict[str, Any]:
    """Values of the preview of a type: of an event with its sample, by and to whoever looks."""
    user = cast("User", request.user)
    event = Event(event_type=event_type, payload=event_type.sample, actor_user=user)
    digest = " / ".join(filter(None, [event_type.digest_one, event_type.digest_many.replace("{n}", "3")]))
    more = [(_("Link"), rendering.render(event, event_type).url), (_("In a digest"), digest)]
    return {"look": look_of(event, to=user, inbox=status_for(request)), "more": more}
