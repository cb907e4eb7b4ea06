"""Text of requests that nothing here could store or read: refused with 400 before anything looks at it.

A NUL character is text for Python and for SQLite, and an error for PostgreSQL.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

from config.refusals.api_errors import PREFIX

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class RequestTextMiddleware:
    """Raises BadRequest for NUL characters in the address, the cookies and the forms, and for an Accept that Django
    can't read. Forms are looked at just before their view; the API takes none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _check_head(request)
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        if _has_form(request):
            _check_form(request)


def _check_head(request: HttpRequest) -> None:
    meta = request.META
    if "\x00" in request.path_info or "%00" in meta["QUERY_STRING"] or "\x00" in meta["QUERY_STRING"]:
        raise BadRequest("The address has a NUL character, which can't be stored or looked for.")
    # Python reads \000 in a quoted cookie as NUL.
    cookies = meta.get("HTTP_COOKIE", "")
    if "\x00" in cookies or ("\\000" in cookies and any("\x00" in value for value in request.COOKIES.values())):
        raise BadRequest("A cookie has a NUL character.")
    if "*" in (accept := meta.get("HTTP_ACCEPT", "")):
        try:
            parse_header_parameters(accept)
        except ValueError as error:
            raise BadRequest("The header Accept can't be read.") from error


def _has_form(request: HttpRequest) -> bool:
    is_form = request.method == "POST" and request.content_type in _FORMS
    return is_form and not request.path_info.startswith(PREFIX)


def _check_form(request: HttpRequest) -> None:
    try:
        fields = request.POST.lists()
    except (LookupError, ValueError) as error:  # rot13 is a codec, and of no text
        raise BadRequest("The form can't be read.") from error
    if any("\x00" in text for name, values in fields for text in (name, *values)):
        raise BadRequest("The form has a NUL character, which can't be stored.")
