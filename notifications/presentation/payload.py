"""A payload as rows that people can read."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from events import accounts

MAX_FIELDS = 50
MAX_NAME = 200
MAX_TEXT = 2000
# Rows written by SQL may nest deeper than `publish` accepts; what lies below is shown as JSON.
MAX_DEPTH = 32
_PEOPLE = re.compile(r"(?:.* / )?(.+)_user_ids?")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: str


def fields_of(payload: dict[str, Any], *, people: Mapping[int, str] | None = None) -> list[Field]:
    """Fields in the payload's own order, the first 50; what is nested becomes `outer / inner`.

    `people`: names of those whom `..._user_id` and `..._user_ids` name; such a field is left out where none is known.
    """
    fields = []
    for name, value in itertools.islice(_flat(payload), MAX_FIELDS):
        label, said = name.removesuffix("_bytes"), value
        if (match := _PEOPLE.fullmatch(name)) and (numbers := _numbers(value)):
            label, said = match[1], ", ".join(filter(None, map((people or {}).get, numbers)))
        if said or not match:
            fields.append(Field(capfirst(label.replace("_", " ")), _words(name, said)))
    return fields


def user_ids(payload: dict[str, Any]) -> set[int]:
    """People whom the payload names by their ids."""
    first = itertools.islice(payload.items(), MAX_FIELDS)
    return {number for name, value in first if _PEOPLE.fullmatch(name) for number in _numbers(value)}


def _numbers(value: Any) -> list[int]:
    numbers = value if isinstance(value, list) else [value]
    return [one for one in numbers[:MAX_FIELDS] if isinstance(one, int) and 0 < one <= accounts.largest_id()]


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
            number = str(localize(int(value) if value == int(value) else value))
            return f"{number} %" if name.endswith("percent") else number
        case str():
            return value[:MAX_TEXT]
        case list() if all(isinstance(item, str | int | float) for item in value):
            return ", ".join(str(item) for item in value)[:MAX_TEXT]
        case _:
            return json.dumps(value, ensure_ascii=False)[:MAX_TEXT]
