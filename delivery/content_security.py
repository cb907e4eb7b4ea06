"""Content-Security-Policy of Carillon's pages, as middleware: no inline script or style, and nothing from elsewhere.

A response that has a policy keeps it.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Respond = Callable[[HttpRequest], Any]

HEADER = "Content-Security-Policy"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; manifest-src 'self'"
)
NAMESPACES = {"carillon", "carillon_api"}
# Django's own pages of them while DEBUG is on have styles inside.
EXPLAINED = (404, 500)


@sync_and_async_middleware
def of_carillon(respond: Respond) -> Respond:
    """Middleware for a project: its own pages are left as they are."""
    return _guarded(respond, covers=is_of_carillon)


@sync_and_async_middleware
def everywhere(respond: Respond) -> Respond:
    """Middleware for a site whose every page does with the same policy."""
    return _guarded(respond, covers=lambda request: True)


def is_of_carillon(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and not NAMESPACES.isdisjoint(match.app_names)


def _guarded(respond: Respond, *, covers: Callable[[HttpRequest], bool]) -> Respond:
    def guard(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if covers(request) and not (settings.DEBUG and response.status_code in EXPLAINED):
            response.headers.setdefault(HEADER, POLICY)
        return response

    if iscoroutinefunction(respond):

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            return guard(request, await respond(request))

        return respond_async
    return lambda request: guard(request, respond(request))
