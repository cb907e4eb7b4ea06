"""Answers to what can't be done now and may be tried again: Retry-After, and JSON under /api/ or a plain page."""

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext

from events.db.errors import is_passing
from events.transport import outages

DATABASE_SECONDS = 1


class TryLaterError(Exception):
    """`status`: 503, or 429 where the caller asked too often. `seconds`: until it is worth a try."""

    def __init__(self, detail: str, *, code: str, seconds: int, status: int = 503) -> None:
        super().__init__(detail)
        self.detail, self.code, self.seconds, self.status = detail, code, seconds, status


def answer(error: TryLaterError, *, path: str) -> HttpResponse:
    """No query."""
    headers = {"Retry-After": str(error.seconds), "Cache-Control": "no-store"}
    if path.startswith("/api/"):
        body = {"code": error.code, "detail": error.detail}
        return JsonResponse(body, status=error.status, headers=headers)
    page = render_to_string("carillon/try_later.html", {"status": error.status, "detail": error.detail})
    return HttpResponse(page, status=error.status, headers=headers)


class TryLaterMiddleware(MiddlewareMixin):
    """Makes answers of what views raise: of TryLaterError, and of trouble of the database that passes."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TryLaterError):
            return answer(exception, path=request.path_info)
        if isinstance(exception, Error) and is_passing(exception):
            outages.note("carillon.server", "the database could not answer", exception, in_a_line=True)
            detail = gettext("The database isn't answering right now. Try again in a moment.")
            unavailable = TryLaterError(detail, code="unavailable", seconds=DATABASE_SECONDS)
            return answer(unavailable, path=request.path_info)
        return None
