"""Text of requests that nothing here could store or read: refused with 400 before anything looks at it.

A NUL character is text for Python and for SQLite, and an error for PostgreSQL.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

from config.refusals.api_errors import PREFIX, in_json

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class ReadableRequests(ASGIHandler):
    """Django, for requests whose headers break its own reading of them too: 400."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        try:
            made = super().create_request(scope, body_file)
        except ValueError:  # a character set that is none, in Content-Type
            made = None, HttpResponseBadRequest()
        return made if made[1] is None else (None, in_json(made[1], path=scope["path"]))


class RequestTextMiddleware:
    """Raises BadRequest for NUL characters in the address, the cookies and the forms, and for an Accept that Django
    can't read. Forms are looked at just before their view; the API takes none."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
            # Only what has a form goes to a thread for it.
            self.process_view: Callable[..., Any] = self._check_form_async
        else:
            self.process_view = _check_form

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        _check_head(request)
        response: HttpResponse | Awaitable[HttpResponse] = self._get_response(request)
        return response

    async def _check_form_async(self, request: HttpRequest, *view: Any) -> None:
        if _has_form(request):
            await sync_to_async(_check_form)(request)


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


def _check_form(request: HttpRequest, *view: Any) -> None:
    if not _has_form(request):
        return
    try:
        fields = request.POST.lists()
    except (LookupError, ValueError) as error:  # rot13 is a codec, and of no text
        raise BadRequest("The form can't be read.") from error
    if any("\x00" in text for name, values in fields for text in (name, *values)):
        raise BadRequest("The form has a NUL character, which can't be stored.")
