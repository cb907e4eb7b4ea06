"""`{% carillon_head %}`, `{% carillon_bell %}`, `{% carillon_toasts %}`: all that a page needs to ring."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications.pages.feed import BLANK
from notifications.pages.inbox_status import Standing, standing_for

register = template.Library()
_PARTS_KEY = "carillon_parts_are_there"


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of the sprite, beside words that say the same: hidden from screen readers."""
    return format_html(
        '<svg class="carillon-icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">'
        '<use href="#carillon-{}"/></svg>',
        name,
    )


@register.simple_tag(takes_context=True)
def carillon_standing(context: Context) -> Standing | None:
    """Where the person's inbox stands; None for nobody."""
    request: HttpRequest | None = context.get("request")
    user = getattr(request, "user", None) or AnonymousUser()
    if request is None or not user.is_authenticated or user.pk is None:
        return None
    return standing_for(request)


@register.inclusion_tag("carillon/head.html")
def carillon_head() -> dict[str, Any]:
    """Style sheets and the one script."""
    return {}


@register.inclusion_tag("carillon/bell.html", takes_context=True)
def carillon_bell(context: Context) -> dict[str, Any]:
    """The bell with its count, and the panel it opens; nothing for nobody."""
    return _parts(context)


@register.inclusion_tag("carillon/toasts.html", takes_context=True)
def carillon_toasts(context: Context) -> dict[str, Any]:
    """Where toasts appear, and what speaks them; nothing for nobody."""
    return _parts(context)


def _parts(context: Context) -> dict[str, Any]:
    standing = carillon_standing(context)
    request: HttpRequest | None = context.get("request")
    if standing is None or request is None:
        return {"standing": None}
    with_parts = not hasattr(request, _PARTS_KEY)
    setattr(request, _PARTS_KEY, True)
    token = get_token(request)
    return {
        "standing": standing,
        "request": request,
        "csrf_token": token,
        "with_parts": with_parts,
        "blank": BLANK,
        "config": standing.for_browser(csrf_token=token),
    }
