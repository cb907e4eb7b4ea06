"""Who asks, from where, and what they get back: what every page of this floor needs to know."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from notifications.inbox.marking import State


def person(request: HttpRequest) -> User:
    """Behind `login_required` there always is one."""
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker what the decorator has seen to
    return request.user


def is_script(request: HttpRequest) -> bool:
    """Our own scripts want an answer, forms want a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def is_prefetch(request: HttpRequest) -> bool:
    """A browser that only fetches ahead has shown nobody anything."""
    return "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))


def back(request: HttpRequest, *, otherwise: str = "inbox") -> HttpResponseRedirect:
    """To where the form stood, if that is on this site; to the page of this name otherwise."""
    wanted = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if here and wanted.startswith("/") else reverse(otherwise))


def with_state(response: HttpResponse, state: State) -> HttpResponse:
    """What the inbox has become, as every answer that changes it says."""
    response["X-Inbox-Seq"] = str(state.seq)
    response["X-Unread-Count"] = str(state.unread_count)
    return response
