"""A payload as rows that people can read."""

import json
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

MAX_FIELDS = 50
MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: str


def fields_of(payload: dict[str, Any]) -> list[Field]:
    """Fields in the payload's own order; what is nested becomes `outer / inner`."""
    return [Field(capfirst(name.replace("_", " ")), _words(name, value)) for name, value in _flat(payload)][:MAX_FIELDS]


def _flat(payload: dict[str, Any], outer: str = "") -> list[tuple[str, Any]]:
    fields: list[tuple[str, Any]] = []
    for key, value in payload.items():
        name = f"{outer} / {key}" if outer else key
        fields += _flat(value, name) if isinstance(value, dict) and value else [(name, value)]
    return fields


def _words(name: str, value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "—"
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
