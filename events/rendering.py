"""How an event reads: a type's templates filled with one event. Variables and plain filters only, plain text."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template import (
    Context,
    Engine,
    Library,
    Template,
    TemplateSyntaxError,
    VariableDoesNotExist,
    defaultfilters,
)
from django.template.base import TextNode, VariableNode

if TYPE_CHECKING:
    from events.models import Event, EventType

MAX_LENGTH = 2000
MAX_DEPTH = 64
_UNFIT = (
    TemplateSyntaxError,
    VariableDoesNotExist,
    ValueError,
    TypeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
)
_FILTERS = (
    "add capfirst date default default_if_none filesizeformat first floatformat join last length lower "
    "pluralize time title truncatechars truncatewords upper yesno"
).split()


def percent(share: Any) -> str:
    """0.4 as `40`; what is no number stays empty."""
    return f"{share * 100:.0f}" if isinstance(share, int | float) and not isinstance(share, bool) else ""


class _PlainEngine(Engine):
    """An engine with an allow-list of filters and no tags at all."""

    def __init__(self) -> None:
        super().__init__(autoescape=False, builtins=[])
        library = Library()
        for name in _FILTERS:
            library.filter(name, getattr(defaultfilters, name))
        library.filter("percent", percent)
        self.template_builtins = [library]


_engine = _PlainEngine()


@dataclass(frozen=True, slots=True)
class Wording:
    """An event in words, plain text. `url` is a path on this site, or empty."""

    title: str
    body: str
    url: str


def check(template: str, *, sample: Mapping[str, Any]) -> None:
    """ValueError unless it has variables and plain filters only and can be filled with the sample."""
    try:
        _render(template, _context(name="sample", category="", payload=sample))
    except _UNFIT as error:
        raise ValueError(f"template can't be used: {error}") from error


def words(event: Event, event_type: EventType) -> Wording:
    """The event as people read it. No query if `actor_user` was loaded with the event.

    A template that breaks on this one payload gives way to the type's description: a row is never lost over words.
    """
    source = event.source
    filled = _context(
        name=event_type.name,
        category=event_type.category,
        payload=event.payload,
        actor=_person(event),
        source=f"{source.type.replace('_', ' ')} {source.id}" if source else "",
        source_type=source.type if source else "",
        source_id=source.id if source else "",
    )
    title = _safely(event_type.title_template, filled) or event_type.description or event_type.name
    url = _safely(event_type.url_template, filled) or (source.url if source else None) or ""
    return Wording(title=title, body=_safely(event_type.body_template, filled), url=url if _is_path(url) else "")


class _Fields(dict[str, Any]):
    """A payload to templates: a missing field is empty, also as a filter's argument, and no dict method is in reach."""

    def __missing__(self, key: str) -> str:
        return ""


class _Items(tuple[Any, ...]):
    """A payload's list to templates: what a tuple's methods need, no template can give them; it reads like a list."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(list(self))


def _context(*, name: str, category: str, payload: Mapping[str, Any], **others: Any) -> Context:
    """What a template may name: one for all templates of a type."""
    filled = {"event_type": name, "category": category, "payload": _fields(payload)}
    filled |= {"actor": "", "source": "", "source_type": "", "source_id": ""} | others
    return Context(filled, autoescape=False, use_tz=True)


def _fields(value: Any, *, depth: int = 0) -> Any:
    """Rows written by SQL may nest deeper than `publish` accepts; what lies below is left out."""
    if depth > MAX_DEPTH:
        return ""
    match value:
        case dict():
            return _Fields({key: _fields(inner, depth=depth + 1) for key, inner in value.items()})
        case list():
            return _Items(_fields(inner, depth=depth + 1) for inner in value)
        case _:
            return value


def _safely(template: str, filled: Context) -> str:
    try:
        # Most types have no template for the body.
        return _render(template, filled) if template else ""
    except _UNFIT:
        return ""


def _render(template: str, filled: Context) -> str:
    # Without what makes a template a page, which takes as long as filling it.
    filled.template = _compiled(template)
    return " ".join(filled.template.nodelist.render(filled).split())[:MAX_LENGTH]


@functools.lru_cache(maxsize=1024)
def _compiled(template: str) -> Template:
    compiled = Template(template, engine=_engine)
    if not all(isinstance(node, TextNode | VariableNode) for node in compiled.nodelist):
        raise TemplateSyntaxError("only {{ variables }} and plain filters are accepted")
    return compiled


def _person(event: Event) -> str:
    actor = event.actor_user
    return (actor.get_full_name() or actor.get_username()) if actor else ""


def _is_path(url: str) -> bool:
    """Only a path on this site may become a link: `//host`, `/\\host` and schemes lead elsewhere."""
    return url.startswith("/") and not url.startswith(("//", "/\\")) and not any(c <= " " for c in url)
