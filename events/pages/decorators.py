"""Views by what they are for: a page to look at, one that holds a form, a form alone. All for whoever is signed in."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

View = TypeVar("View", bound=Callable[..., HttpResponse])


def page(view: View) -> View:
    return never_cache(login_required(require_safe(view)))


def page_with_form(view: View) -> View:
    return never_cache(login_required(require_http_methods(["GET", "HEAD", "POST"])(view)))


def form(view: View) -> View:
    return login_required(require_POST(view))
