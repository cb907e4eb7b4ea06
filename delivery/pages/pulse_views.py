"""Pulse for staff: what happens now, as a page and as the part of it that is read anew."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from delivery.monitoring.pulse import WINDOWS, figures
from delivery.pages import pulse
from events.db import clock
from events.models import EventType
from events.pages.decorators import page
from notifications.pages.inbox_status import status_for
from notifications.presentation import labels


@page
@permission_required("carillon_events.view_event", raise_exception=True)
def pulse_page(request: HttpRequest, template: str = "pulse.html") -> HttpResponse:
    filters, inbox = pulse.filters_of(request.GET), status_for(request)
    known = set(EventType.objects.order_by().values_list("category", flat=True).distinct())
    context = pulse.figures_of(figures(filters.over, now=clock.estimate()), inbox=inbox) | {
        "filters": filters,
        "here": filters.query(),
        "source_words": filters.entity.words if filters.entity else "",
        "overs": [(over, filters.query(over=over)) for over in WINDOWS],
        "everything": filters.query(category="", failed=False, source=""),
        "chips": [
            (name, labels.category_plural(name), filters.query(category=name, failed=False))
            for name in sorted(known, key=labels.category_order)
        ],
        "failed_href": filters.query(failed=not filters.failed),
        "without_source": filters.query(source=""),
        "lines": [
            pulse.line_of(line, inbox=inbox) | {"source_href": filters.query(source=line.event.source)}
            for line in filters.lines(inbox.user_id)
        ],
    }
    return render(request, f"carillon/delivery/{template}", context)
