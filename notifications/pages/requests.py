"""Requests of pages: the person, the kind of client, the way back."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from events.accounts import User
from events.errors import shown
from notifications.inbox.marking import State

PAGE_SIZE = 20
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker what the decorator has seen to
    return request.user


def is_script(request: HttpRequest) -> bool:
    """Tell if one of our scripts asks: it wants an answer, forms want a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def is_visit(request: HttpRequest) -> bool:
    """Tell if a person looks: no browser that fetches ahead, no program that asks for the headers alone."""
    purpose = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return request.method == "GET" and "prefetch" not in purpose


def back(request: HttpRequest, *, otherwise: str = "carillon:inbox") -> HttpResponseRedirect:
    """Redirect to where the form stood, if that is on this site; to the page of this name otherwise."""
    wanted = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if here and wanted.startswith("/") else reverse(otherwise))


def changed(request: HttpRequest, state: State) -> HttpResponse:
    """Answer to a form that changed the inbox: the page it stood on, and for scripts no more than the headers."""
    response = HttpResponse(status=204) if is_script(request) else back(request)
    for name, value in state.headers.items():
        response[name] = value
    return response


def cursor_of(query: Mapping[str, str]) -> tuple[int, int] | None:
    """Two numbers after which the page begins. BadRequest for a `before` that no page of ours has written."""
    before = query.get("before", "")
    match = _CURSOR.fullmatch(before)
    if before and not match:
        raise BadRequest(f"before is {shown(before)}; it must be two whole numbers as in 120-77")
    return (int(match[1]), int(match[2])) if match else None


def query_string(**chosen: object) -> str:
    named = {name: "1" if value is True else value for name, value in chosen.items() if value}
    return f"?{urlencode(named)}" if named else ""
