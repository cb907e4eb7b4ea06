"""Views by what they are for: a page to look at, one that holds a form, a form alone. All for whoever is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

View = TypeVar("View", bound=Callable[..., HttpResponse])


# Whose page a script asks for: another person may have signed in since it was loaded.
WHOSE_PAGE = "X-Carillon-User"


def page(view: View) -> View:
    return _kept_by_its_browser(_of_whose_page_it_is(login_required(require_safe(view))))


def page_with_form(view: View) -> View:
    methods = require_http_methods(["GET", "HEAD", "POST"])
    return _kept_by_its_browser(_of_whose_page_it_is(login_required(methods(view))))


def form(view: View) -> View:
    return _of_whose_page_it_is(login_required(require_POST(view)))


def _kept_by_its_browser(view: View) -> View:
    """Let the browser alone keep what was looked at, so that Back is where it was; what a form answered nobody keeps,
    as it may hold a secret."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            add_never_cache_headers(response)
        else:
            patch_cache_control(response, private=True, no_cache=True)
        return response

    return cast("View", kept)


def _of_whose_page_it_is(view: View) -> View:
    """Answer 401 to a page of somebody else than the person who is signed in now."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get(WHOSE_PAGE, str(request.user.pk)) != str(request.user.pk):
            return HttpResponse(status=401)
        return view(request, *args, **kwargs)

    return cast("View", checked)
