"""A payload as rows that people can read."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

MAX_FIELDS = 50
MAX_NAME = 200
MAX_TEXT = 2000
# Rows written by SQL may nest deeper than `publish` accepts; what lies below is shown as JSON.
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: str


def fields_of(payload: dict[str, Any]) -> list[Field]:
    """Fields in the payload's own order, the first 50; what is nested becomes `outer / inner`."""
    first = itertools.islice(_flat(payload), MAX_FIELDS)
    return [Field(capfirst(name.replace("_", " ")), _words(name, value)) for name, value in first]


def _flat(payload: dict[str, Any], *, outer: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for key, value in payload.items():
        name = (f"{outer} / {key}" if outer else key)[:MAX_NAME]
        if isinstance(value, dict) and value and depth < MAX_DEPTH:
            yield from _flat(value, outer=name, depth=depth + 1)
        else:
            yield name, value


def _words(name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    match value:
        case bool():
            return _("yes") if value else _("no")
        case int() | float() if name.endswith("_bytes"):
            return filesizeformat(value)
        case int() | float():
            return str(localize(value))
        case str():
            return value[:MAX_TEXT]
        case list() if all(isinstance(item, str | int | float) for item in value):
            return ", ".join(str(item) for item in value)[:MAX_TEXT]
        case _:
            return json.dumps(value, ensure_ascii=False)[:MAX_TEXT]
