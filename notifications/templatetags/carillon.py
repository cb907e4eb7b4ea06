"""`{% carillon_head %}`, `{% carillon_bell %}`, `{% carillon_toasts %}`: all that a page needs to ring; and
`{% carillon_follow object %}`, to follow and mute what a page is about."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.base import Parser, Template, Token
from django.template.context import Context
from django.template.loader import render_to_string
from django.template.loader_tags import ExtendsNode
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from events import accounts
from events.accounts import User
from events.entities import Entity, entity_of
from notifications.conf import conf
from notifications.pages import follow_control, requests
from notifications.pages.feed import blank
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.presentation import naming

register = template.Library()
OWN_BASE = "carillon/base.html"
_SHARED_MARKUP_KEY = "carillon_shared_markup"

# All that carillon.js imports, and all that the feed imports on top: named in the page, modules need not wait for each
# other. A test compares them with the imports.
MODULES = (
    "carillon/core/config.js",
    "carillon/core/connection.js",
    "carillon/core/failure.js",
    "carillon/core/http.js",
    "carillon/core/navigation.js",
    "carillon/core/reducer.js",
    "carillon/core/storage.js",
    "carillon/core/store.js",
    "carillon/core/tabs.js",
    "carillon/embed/follow.js",
    "carillon/feed/define.js",
    "carillon/panel/bell.js",
    "carillon/toasts/toasts.js",
)
FEED_MODULES = tuple(
    f"carillon/{name}.js"
    for name in (
        "feed/feed",
        "feed/forms",
        "feed/keyboard",
        "feed/marks",
        "feed/older",
        "feed/parts",
        "feed/place",
        "feed/rows",
        "feed/status_lines",
        "feed/summaries",
        "triage/changes",
        "triage/keys",
        "triage/menu",
        "triage/search",
        "triage/selection",
    )
)


@register.simple_tag
@functools.lru_cache(maxsize=100)
def icon(name: str) -> SafeString:
    """Icon of the sprite, hidden from screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="carillon-icon" width="18" height="18" aria-hidden="true"><use href="#carillon-{}"/></svg>',
        name,
    )


class _Names(dict[str, Any]):
    """Row whose values are their own names in braces, but for those it is made with."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


class _Escaped(dict[str, str]):
    """Values of a row as HTML, each when it is asked for."""

    def __init__(self, row: Mapping[str, Any], *, position: int) -> None:
        self._row = row
        self["position"] = str(position)

    def __missing__(self, name: str) -> str:
        self[name] = conditional_escape(self._row[name])
        return self[name]


@register.simple_tag
def carillon_rows(rows: Sequence[Mapping[str, Any]], place: str) -> SafeString:
    """Rows of one place, at least one: `carillon/row.html` rendered once, and filled in for each. Rendered for each it
    took a third of a page's time."""
    names = {"row": _Names(words=rows[0]["words"]), "place": place, "position": "{position}"}
    pattern = render_to_string("carillon/row.html", names)
    filled = (pattern.format_map(_Escaped(row, position=position)) for position, row in enumerate(rows, start=1))
    return mark_safe("\n".join(filled))  # noqa: S308  the pattern is the template's, every value escaped


@register.simple_tag(takes_context=True)
def carillon_status(context: Context) -> InboxStatus | None:
    """Badge, do-not-disturb and position of the person's inbox; None for nobody."""
    request: HttpRequest | None = context.get("request")
    user = getattr(request, "user", None) or AnonymousUser()
    if request is None or not user.is_authenticated or user.pk is None:
        return None
    return status_for(request)


class Frame(ExtendsNode):
    """`{% extends %}` of what the setting BASE_TEMPLATE names when the page is made."""

    must_be_first = False

    def get_parent(self, context: Context) -> Template:
        context["carillon_base"] = conf.BASE_TEMPLATE
        is_own = conf.BASE_TEMPLATE == OWN_BASE
        found: Template = self.find_template(OWN_BASE if is_own else "carillon/framed.html", context)
        return found


@register.tag
def carillon_frame(parser: Parser, token: Token) -> Frame:
    return Frame(parser.parse(), parser.compile_filter(f'"{OWN_BASE}"'))


@register.inclusion_tag("carillon/head.html")
@register.inclusion_tag("carillon/scripts.html", name="carillon_scripts")
def carillon_head() -> dict[str, Any]:
    return {"modules": _addresses(MODULES)}


@register.inclusion_tag("carillon/module_preloads.html")
def carillon_feed_head() -> dict[str, Any]:
    return {"modules": _addresses(FEED_MODULES)}


def _addresses(modules: Sequence[str]) -> list[str]:
    """Addresses of modules, each once: in production many are in one file."""
    return list(dict.fromkeys(map(static, modules)))


@register.inclusion_tag("carillon/bell.html", takes_context=True, name="carillon_bell")
@register.inclusion_tag("carillon/toasts.html", takes_context=True, name="carillon_toasts")
@register.inclusion_tag("carillon/markup.html", takes_context=True, name="carillon_markup")
def _element_context(context: Context) -> dict[str, Any]:
    """Give the bell its count and panel, the toasts their place and the regions that speak them, and each page once
    what all elements share."""
    inbox = carillon_status(context)
    request: HttpRequest | None = context.get("request")
    if inbox is None or request is None:
        return {"inbox": None}
    with_shared_markup = not hasattr(request, _SHARED_MARKUP_KEY)
    setattr(request, _SHARED_MARKUP_KEY, True)
    token = get_token(request)
    return {
        "inbox": inbox,
        "request": request,
        "csrf_token": token,
        "with_shared_markup": with_shared_markup,
        "blank": blank(inbox) if with_shared_markup else None,
        "config": inbox.for_browser(csrf_token=token) if with_shared_markup else None,
    }


@register.inclusion_tag("carillon/follow.html", takes_context=True)
def carillon_follow(context: Context, about: Model | Entity) -> dict[str, Any]:
    """Forms to follow and mute a model instance or an entity; nothing for nobody, and for who may not follow it."""
    inbox, entity = carillon_status(context), entity_of(about)
    if inbox is None:
        return {"control": None}
    request: HttpRequest = context["request"]
    name = str(about) if isinstance(about, Model) else naming.plain_name(entity)
    control = follow_control.offered(requests.person(request), entity=entity, name=name, inbox=inbox)
    return {"control": control, "next": request.get_full_path(), "csrf_token": get_token(request)}


@register.filter
def full_name(user: User) -> str:
    return accounts.full_name(user)


@register.filter
def initials(user: User) -> str:
    return naming.initials(accounts.full_name(user))
