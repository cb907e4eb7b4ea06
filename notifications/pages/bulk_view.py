"""Form for one notification or many of a page: read, done, snoozed, and back."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from events.db import clock
from events.entities import whole_number
from events.errors import MomentRefused, shown
from events.pages.decorators import form
from events.rest.errors import missing_is_404
from events.rules import moments
from notifications.inbox import triage
from notifications.models import Notification
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.inbox_views import UNDO
from notifications.pages.requests import back, is_script
from notifications.preferences import presets
from notifications.presentation import times

MOST = 100


@form
def bulk(request: HttpRequest) -> HttpResponse:
    """Do what `action` says with all of these ids, or with none; what it read or is done can be undone. A button that
    says until when alone snoozes."""
    inbox, choice = status_for(request), request.POST
    action = choice.get("action", "snooze" if "until" in choice else "")
    ids = _ids(request.POST.getlist("id"))
    if action not in triage.ACTIONS:
        raise BadRequest(f"action is {shown(action)}; it must be one of {', '.join(triage.ACTIONS)}")
    try:
        until = _until(request, inbox) if action == "snooze" else None
        with missing_is_404(Notification):
            state = triage.act(inbox.user_id, ids=ids, action=action, until=until, now=inbox.now)
    except MomentRefused as error:
        return _refused(request, error)
    text = _("Snoozed until {time}").format(time=times.end_time(until, now=inbox.now, zone=inbox.zone)) if until else ""
    undoable = {"batch": state.batch, "count": state.changed}
    if is_script(request):
        return JsonResponse(undoable | {"text": text}, headers=state.headers)
    if state.batch is not None:
        request.session[UNDO] = undoable | {"action": action}
    if text:
        messages.success(request, text)
    return back(request)


def _until(request: HttpRequest, inbox: InboxStatus) -> datetime:
    """The moment that a preset's name means now, or the time that stands beside. MomentRefused for what is neither."""
    name = request.POST.get("until", "")
    if name in presets.SNOOZE:
        return presets.moment_of(name, now=clock.estimate(), zone=inbox.zone)
    return moments.on_wall_clock(request.POST.get("at", ""), zone=inbox.zone, field="until")


def _refused(request: HttpRequest, error: MomentRefused) -> HttpResponse:
    if is_script(request):
        return JsonResponse({"detail": error.detail, "field": error.field}, status=400)
    messages.error(request, error.detail)
    return back(request)


def _ids(texts: list[str]) -> list[int]:
    numbers = [number for text in texts if (number := whole_number(text)) is not None]
    if not 0 < len(numbers) == len(texts) <= MOST:
        raise BadRequest(f"id must be 1 to {MOST} whole numbers")
    return numbers
