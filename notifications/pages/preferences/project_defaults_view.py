"""Page on which a project's owners set its defaults."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from events.db import clock
from events.errors import PreferenceRefused
from events.models import Membership
from events.pages.decorators import page_with_form
from events.rest.errors import missing_is_404
from events.rules import channel_names
from notifications.pages.requests import person
from notifications.preferences import projects
from notifications.presentation import labels, type_words


@page_with_form
def project_defaults_page(request: HttpRequest, project_id: int) -> HttpResponse:
    """Form of all types: what is ticked for one is the project's default, unless it is what the type offers anyway."""
    with missing_is_404(Membership):
        projects.check_owner(person(request), project_id=project_id)
    rows, refused = projects.defaults_of(project_id), None
    if request.method == "POST":
        named = set(request.POST.getlist("types"))
        wanted = [(row, request.POST.getlist(f"channels-{row.event_type_id}")) for row in rows]
        wanted = [(row, ticked) for row, ticked in wanted if str(row.event_type_id) in named]
        try:
            projects.save_defaults(project_id, wanted=wanted, now=clock.estimate())
        except PreferenceRefused as error:
            refused = error
        else:
            messages.success(request, _("Saved"))
            return redirect("carillon:project-defaults", project_id)
    context = {
        "project_id": project_id,
        "name": projects.names_of([project_id])[project_id],
        "columns": channel_names.labels(),
        "lines": [
            {
                "row": row,
                "type": row.event_type,
                "label": type_words.name(row.event_type),
                "category": labels.category_plural(row.event_type.category),
            }
            for row in sorted(
                rows, key=lambda row: (*labels.category_order(row.event_type.category), row.event_type_id)
            )
        ],
        "refused": refused,
    }
    return render(request, "carillon/notifications/project_defaults.html", context, status=400 if refused else 200)
