"""Reading and unreading by form; the scripts post the same forms and get numbers back instead of a page."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from events.entities import whole_number
from events.pages.decorators import form
from events.rest.errors import missing_is_404
from notifications.inbox import feed, marking
from notifications.models import Notification
from notifications.pages.inbox_views import UNDO
from notifications.pages.requests import back, changed, is_script, person

MAX_UNDO = 1000


@form
def read(request: HttpRequest, notification_id: int) -> HttpResponse:
    return _mark(request, [notification_id], is_read=True)


@form
def unread(request: HttpRequest, notification_id: int) -> HttpResponse:
    return _mark(request, [notification_id], is_read=False)


@form
def unread_many(request: HttpRequest) -> HttpResponse:
    """Mark rows unread: the Undo of read-all."""
    return _mark(request, _numbers(request.POST.get("ids", "")), is_read=False)


@form
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read that the person had seen; what came since stays unread. Can be undone."""
    user = person(request)
    [up_to] = _numbers(request.POST.get("up_to", ""), exactly=1)
    category = request.POST.get("category") or None
    ids = _surfaced(user.pk, up_to=up_to, category=category)
    state = marking.mark_all(user.pk, now=timezone.now(), up_to=up_to, category=category)
    if is_script(request):
        return JsonResponse({"ids": ids}, headers=state.headers)
    request.session[UNDO] = ids
    return back(request)


def _mark(request: HttpRequest, ids: list[int], *, is_read: bool) -> HttpResponse:
    with missing_is_404(Notification):
        return changed(request, marking.mark(person(request).pk, ids=ids, is_read=is_read, now=timezone.now()))


def _surfaced(user_id: int, *, up_to: int, category: str | None) -> list[int]:
    """Ids of what is about to be read, newest first: the Undo needs to know."""
    rows = feed.rows(user_id).filter(is_read=False, feed_seq__lte=up_to).order_by("-feed_seq", "-id")
    if category is not None:
        rows = rows.filter(event__event_type__category=category)
    return list(rows.values_list("id", flat=True)[:MAX_UNDO])


def _numbers(text: str, *, exactly: int | None = None) -> list[int]:
    numbers = [whole_number(word) for word in text.split(",") if word]
    known = [number for number in numbers if number is not None]
    if known != numbers or len(known) > MAX_UNDO:
        raise BadRequest(f"{text[:40]!r} must be at most {MAX_UNDO} whole numbers with commas between them")
    if exactly is not None and len(known) != exactly:
        raise BadRequest(f"{text[:40]!r} must be one whole number")
    return known
