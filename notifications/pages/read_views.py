"""Reading and unreading by form; the scripts post the same forms and get numbers back instead of a page."""

from contextlib import suppress

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse

from events.db import clock
from events.entities import whole_number
from events.errors import AcknowledgementRefused, shown
from events.pages.decorators import form
from events.rest.errors import missing_is_404
from notifications.escalations import acknowledge
from notifications.holds import undo
from notifications.inbox import marking
from notifications.inbox import seen as in_sight
from notifications.models import Notification, ReadingBatch
from notifications.pages.inbox_views import UNDO
from notifications.pages.requests import back, changed, is_script, person


@form
def read(request: HttpRequest, notification_id: int) -> HttpResponse:
    return _mark(request, [notification_id], is_read=True)


@form
def unread(request: HttpRequest, notification_id: int) -> HttpResponse:
    return _mark(request, [notification_id], is_read=False)


@form
def acknowledge_one(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Take a critical one on; where that is too late, the page says why: somebody has it, or it is over."""
    user_id = person(request).pk
    with missing_is_404(Notification), suppress(AcknowledgementRefused):
        acknowledge.acknowledge(user_id, notification_id=notification_id, now=clock.estimate())
    return changed(request, marking.state(user_id))


@form
def undo_reading(request: HttpRequest) -> HttpResponse:
    with missing_is_404(ReadingBatch):
        batch_id = _number(request.POST.get("batch", ""))
        return changed(request, undo.undo(person(request).pk, batch_id=batch_id, now=clock.estimate()))


@form
def seen(request: HttpRequest) -> HttpResponse:
    """Take note of what was in sight in a tab; the scripts alone post it."""
    in_sight.record(person(request).pk, seq=_number(request.POST.get("seq", "")))
    return HttpResponse(status=204)


@form
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read that the person had seen; what came since stays unread. Can be undone."""
    up_to, category = _number(request.POST.get("up_to", "")), request.POST.get("category") or None
    state = marking.mark_all(person(request).pk, now=clock.estimate(), up_to=up_to, category=category)
    undoable = {"batch": state.batch, "count": state.changed}
    if is_script(request):
        return JsonResponse(undoable, headers=state.headers)
    if state.batch is not None:
        request.session[UNDO] = undoable
    return back(request)


def _mark(request: HttpRequest, ids: list[int], *, is_read: bool) -> HttpResponse:
    with missing_is_404(Notification):
        return changed(request, marking.mark(person(request).pk, ids=ids, is_read=is_read, now=clock.estimate()))


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise BadRequest(f"{shown(text)} must be one whole number")
    return number
