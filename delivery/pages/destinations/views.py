"""Pages of destinations, for owners of projects and staff: the list with its form, and each one's own."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from delivery import addresses, destinations
from delivery.models import Address, Delivery, Destination
from delivery.monitoring import event_stream
from delivery.outbox import outbox
from delivery.pages import address_cards, attempts
from delivery.reporting import history
from events import rendering
from events.db import clock
from events.entities import whole_number
from events.errors import Refused, shown
from events.pages.decorators import form, page, page_with_form
from events.rest.errors import missing_is_404
from events.rules import moments
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.requests import person
from notifications.presentation import times

MOST_LISTED = 10
State = Delivery.State
_ICONS = {State.DEAD: "x", State.SENT: "check", State.SKIPPED: "ban"}


def action(act: Callable[[HttpRequest, int], str]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Form that does something to a destination and says so, or why not; answered by its page."""

    @form
    @wraps(act)
    def view(request: HttpRequest, destination_id: int) -> HttpResponse:
        try:
            with missing_is_404(Destination):
                destinations.get(person(request), destination_id=destination_id)
                messages.success(request, act(request, destination_id))
        except Refused as refused:
            messages.error(request, capfirst(refused.detail))
        return redirect("carillon:destination", destination_id)

    return view


@page_with_form
def destinations_page(request: HttpRequest) -> HttpResponse:
    """List what the person manages, of one project where `project` names it; a POST adds one."""
    if request.method != "POST":
        return _list_page(request)
    posted, kind = request.POST, request.POST.get("kind", "")
    options: dict[str, Any] = {name: posted.get(name, "") for name in addresses.OPTIONS.get(kind, ())}
    try:
        made = destinations.create(
            person(request),
            kind=kind,
            target=posted.get("target", "").strip(),
            project_id=_number(posted.get("project", ""), what=_("A project"), field="project_id"),
            now=clock.estimate(),
            **_written(request),
            **options,
        )
    except Refused as refused:
        return _list_page(request, status=refused.http_status, refused=capfirst(refused.detail))
    if overlap := destinations.overlap_at(made.destination):
        messages.info(request, overlap)
    if made.secret:
        return _page(request, made.destination, secret=made.secret)
    messages.success(request, _("Added."))
    return redirect("carillon:destination", made.destination.pk)


@page
def destination_page(request: HttpRequest, destination_id: int) -> HttpResponse:
    with missing_is_404(Destination):
        return _page(request, destinations.get(person(request), destination_id=destination_id))


@action
def change(request: HttpRequest, destination_id: int) -> str:
    destinations.change(person(request), destination_id=destination_id, now=clock.estimate(), **_written(request))
    return _("Saved")


@action
def test(request: HttpRequest, destination_id: int) -> str:
    destinations.send_test(person(request), destination_id=destination_id, now=clock.estimate())
    return _("A test is on its way; how it went stands below.")


@action
def switch(request: HttpRequest, destination_id: int) -> str:
    is_on, now = request.POST.get("is_enabled") == "true", clock.estimate()
    destinations.change(person(request), destination_id=destination_id, now=now, is_enabled=is_on)
    return _("Resumed.") if is_on else _("Paused. Its history stays.")


@action
def recover(request: HttpRequest, destination_id: int) -> str:
    since = moments.on_wall_clock(request.POST.get("since", ""), zone=status_for(request).zone, field="since")
    now = clock.estimate()
    count = destinations.recover(person(request), destination_id=destination_id, since=since, now=now)
    text = ngettext("{n} missed delivery is on its way.", "{n} missed deliveries are on their way.", count)
    return text.format(n=count) if count else _("Nothing was missed since then.")


@action
def retry(request: HttpRequest, destination_id: int) -> str:
    row = destinations.get(person(request), destination_id=destination_id)
    failed = history.dead([row.address_id]).order_by("-id").values_list("pk", flat=True)[: history.MOST_COUNTED]
    count = len(outbox.resend(list(failed), now=clock.estimate()))
    text = ngettext("{n} delivery is on its way again.", "{n} deliveries are on their way again.", count)
    return text.format(n=count) if count else _("Nothing to retry: it is on its way already, or was a moment ago.")


@never_cache
@form
def rotate(request: HttpRequest, destination_id: int) -> HttpResponse:
    try:
        with missing_is_404(Destination):
            made = destinations.rotate_secret(person(request), destination_id=destination_id, now=clock.estimate())
    except Refused as refused:
        messages.error(request, capfirst(refused.detail))
        return redirect("carillon:destination", destination_id)
    return _page(request, made.destination, secret=made.secret)


@form
def delete(request: HttpRequest, destination_id: int) -> HttpResponse:
    with missing_is_404(Destination):
        destinations.delete(person(request), destination_id=destination_id, now=clock.estimate())
    messages.success(request, _("Deleted."))
    return redirect("carillon:destinations")


def _written(request: HttpRequest) -> dict[str, Any]:
    """Read what an owner writes of a destination. Raises Refused."""
    posted = request.POST
    return {
        "label": posted.get("label", ""),
        "patterns": re.findall(r"[^\s,]+", posted.get("patterns", "")),
        "critical_only": bool(posted.get("critical_only")),
        "digest": posted.get("digest") or Destination.Digest.AT_ONCE,
        "rate_per_second": _number(posted.get("rate", ""), what=_("A rate"), field="rate_per_second"),
    }


def _number(written: str, *, what: str, field: str) -> int | None:
    number = whole_number(written.strip())
    if written.strip() and number is None:
        detail = _("%(what)s must be a whole number; it is %(written)s") % {"what": what, "written": shown(written)}
        raise Refused(detail, code="invalid", field=field)
    return number


def _list_page(request: HttpRequest, *, status: int = 200, refused: str = "") -> HttpResponse:
    user, only = person(request), whole_number(request.GET.get("project", ""))
    is_staff, after = user.has_perm(destinations.PERMISSION), whole_number(request.GET.get("after", "")) or 0
    managed = destinations.managed_by(user).filter(pk__gt=after)
    rows = list(managed.filter(project_id=only)[:51] if only is not None else managed[:51])
    inbox = status_for(request)
    cards = address_cards.cards_of([row.address for row in rows[:50]], inbox=inbox)
    projects = destinations.projects_of(user)
    context = {
        "rows": [
            card | {"row": row, "whose": destinations.whose(row), "types": ", ".join(row.patterns)}
            for card, row in zip(cards, rows, strict=False)
        ],
        "older": rows[49].pk if len(rows) > 50 else None,
        "kinds": [(name, label) for name, label in address_cards.kinds() if name in destinations.kinds()],
        "is_staff": is_staff,
        "projects": projects,
        "may_add": is_staff or projects,
        "project": request.POST.get("project", request.GET.get("project", "")),
        "refused": refused,
        "retries": address_cards.retries(),
        "formats": Address.Format.choices,
        "digests": Destination.Digest.choices,
    }
    return render(request, "carillon/delivery/destinations.html", context, status=status)


def _page(request: HttpRequest, row: Destination, *, secret: str = "") -> HttpResponse:
    inbox = status_for(request)
    context = {
        "row": row,
        "whose": destinations.whose(row),
        "patterns": " ".join(row.patterns),
        "digests": Destination.Digest.choices,
        "card": address_cards.cards_of([row.address], inbox=inbox)[0],
        "secret": secret,
        "zone": inbox.zone.key,
        "deliveries": _deliveries(row, inbox=inbox),
    }
    return render(request, "carillon/delivery/destination.html", context)


def _deliveries(row: Destination, *, inbox: InboxStatus) -> list[dict[str, Any]]:
    """Describe the newest, without the text of what this person may not see."""
    newest = Delivery.objects.filter(address_id=row.address_id).select_related("address__server")
    newest = newest.select_related("event__event_type", "event__actor_user").prefetch_related(history.attempts())
    made = list(newest.defer("body").order_by("-id")[:MOST_LISTED])
    event_stream.hide([one.event for one in made if one.event], user_id=inbox.user_id)
    return [
        {
            "state": one.state,
            "pill": State(one.state).label,
            "icon": _ICONS.get(State(one.state), "clock"),
            "title": _title(one),
            "at": one.created_at,
            "when": times.short_time(one.created_at, now=inbox.now, zone=inbox.zone),
            "when_full": times.full_time(one.created_at, zone=inbox.zone),
            "advice": attempts.advice(one),
        }
        for one in made
    ]


def _title(delivery: Delivery) -> str:
    event, others = delivery.event, delivery.count - 1
    if event is None:
        return _("Test")
    title = rendering.render(event, event.event_type).shown_title
    text = ngettext("{title} and {n} other", "{title} and {n} others", others)
    return text.format(title=title, n=others) if others else title
