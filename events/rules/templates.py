"""Templates of plain text: variables and an allow-list of filters, filled with a payload."""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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

from events.rules import display

# Of a rendered line, and of each text that a filter takes or gives; and of a template.
MAX_LENGTH = 2000
MAX_TEMPLATE = 4000
# Of what a filter sees of a list, and of a number of characters, words or places: more digits than a line needs.
MAX_ITEMS = 1000
MAX_DIGITS = 5
# Blanks shrink to one: so many characters are enough for a line.
_ENOUGH = 32 * MAX_LENGTH

_UNFIT = (
    TemplateSyntaxError,
    VariableDoesNotExist,
    ValueError,
    TypeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    MemoryError,
)
# These only look at a value: the length of a long list is its length.
_LOOKING = ("first", "last", "length")
_COUNTING = ("floatformat", "truncatechars", "truncatewords")
_FILTERS = (
    *_LOOKING,
    *_COUNTING,
    *"add capfirst date default default_if_none filesizeformat join lower pluralize time title upper yesno".split(),
)
_Filter = Callable[..., Any]


def percent(share: Any) -> str:
    """0.4 as `40`; what is no number stays empty."""
    return f"{share * 100:.0f}" if isinstance(share, int | float) and not isinstance(share, bool) else ""


def _bounded(name: str, plain: _Filter) -> _Filter:
    """The filter with what it takes and gives cut, so that a chain of filters costs no more than it has links."""

    @functools.wraps(plain)
    def bounded(value: Any, *arguments: Any, **flags: Any) -> Any:
        cut = [_cut(argument) for argument in arguments]
        if name in _COUNTING:
            cut = [str(argument)[:MAX_DIGITS] for argument in cut]
        return _cut(plain(_cut(value), *cut, **flags))

    return bounded


def _cut(value: Any) -> Any:
    match value:
        case str():
            return value[:MAX_LENGTH]
        case tuple():
            return _Items(value[:MAX_ITEMS])
        case dict() if len(value) > MAX_ITEMS:
            return _Fields(itertools.islice(value.items(), MAX_ITEMS))
    return value


class _PlainEngine(Engine):
    """An engine with an allow-list of filters and no tags at all."""

    def __init__(self) -> None:
        super().__init__(autoescape=False, builtins=[])
        library = Library()
        for name in _FILTERS:
            plain = getattr(defaultfilters, name)
            library.filter(name, plain if name in _LOOKING else _bounded(name, plain))
        library.filter("percent", _bounded("percent", percent))
        self.template_builtins = [library]


_engine = _PlainEngine()


def check(template: str, *, sample: Mapping[str, Any]) -> None:
    """ValueError unless it has variables and plain filters only and can be filled with the sample."""
    try:
        _parts(template, context(name="sample", category="", payload=sample))
    except _UNFIT as error:
        raise ValueError(f"template can't be used: {error}") from error


class _Fields(dict[str, Any]):
    """A payload to templates: a missing field is empty, also as a filter's argument, and no dict method is in reach."""

    def __getitem__(self, key: str) -> Any:
        return _read(super().__getitem__(key))

    def __missing__(self, key: str) -> str:
        return ""


class _Items(tuple[Any, ...]):
    """A payload's list to templates: what a tuple's methods need, no template can give them; it reads like a list."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        return _read(super().__getitem__(index))

    def __repr__(self) -> str:
        return repr(list(self))


def _read(value: Any) -> Any:
    """A part of a payload as templates may read it, wrapped where they come to it: most of a payload they never see."""
    match value:
        case dict():
            return _Fields(value)
        case list():
            return _Items(value)
    return value


def context(*, name: str, category: str, payload: Mapping[str, Any], **others: Any) -> Context:
    """Build what a template may name: one context for all templates of a type."""
    filled = {"event_type": name, "category": category, "payload": _read(payload)}
    filled |= {"actor": "", "source": "", "source_type": "", "source_id": ""} | others
    return Context(filled, autoescape=False, use_tz=True)


class Line(NamedTuple):
    """A filled template: plain text, and the same as a page shows it."""

    text: str
    shown: str


def fill(template: str, filled: Context) -> str:
    """Render one line of at most 2,000 characters; an empty one if the template breaks on this context."""
    return _joined(_filled(template, filled))


def line(template: str, filled: Context) -> Line:
    """Render one line, likewise, and what a page shows of it."""
    parts = _filled(template, filled)
    text = _joined(parts)
    return Line(text, display.shown(parts, text=text)[:MAX_LENGTH] if text else "")


def _filled(template: str, filled: Context) -> list[display.Part]:
    try:
        # Most types have no template for the body.
        return _parts(template, filled) if template else []
    except _UNFIT:
        return []


def _joined(parts: Sequence[display.Part]) -> str:
    return " ".join("".join(part.text for part in parts).split())[:MAX_LENGTH]


def _parts(template: str, filled: Context) -> list[display.Part]:
    # Without what makes a template a page, which takes as long as filling it.
    filled.template = _compiled(template)
    parts: list[display.Part] = []
    length = 0
    for node in filled.template.nodelist:
        parts.append(display.Part(str(node.render_annotated(filled)), isinstance(node, VariableNode)))
        length += len(parts[-1].text)
        if length > _ENOUGH:
            break
    return parts


@functools.lru_cache(maxsize=1024)
def _compiled(template: str) -> Template:
    if len(template) > MAX_TEMPLATE:
        raise TemplateSyntaxError(f"it has {len(template)} characters, at most {MAX_TEMPLATE} are accepted")
    compiled = Template(template, engine=_engine)
    if not all(isinstance(node, TextNode | VariableNode) for node in compiled.nodelist):
        raise TemplateSyntaxError("only {{ variables }} and plain filters are accepted")
    return compiled
