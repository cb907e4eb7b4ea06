"""Preview of an event while somebody writes its type or its payload: how it would look, or what is wrong with it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

# Characters of a form that a preview is made of: twice what a payload may have.
MOST_CHARACTERS = 512 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """Mistake in a field. `label` is empty where it is with the form as a whole."""

    field: str
    label: str
    text: str


def problems_of(form: BaseForm, *, fields: Collection[str]) -> list[Problem]:
    """List what is wrong with these fields, and with the form as a whole."""
    return [
        Problem(form.add_prefix(name), str(form[name].label) if name in form.fields else "", str(text))
        for name, errors in form.errors.items()
        if name in fields or name not in form.fields
        for text in errors
    ]


def is_too_long(form: MultiValueDict[str, Any]) -> bool:
    return sum(len(text) for _name, texts in form.lists() for text in texts) > MOST_CHARACTERS


def is_for_script(request: HttpRequest) -> bool:
    """True where a script asks for the fragment alone, and not for a page."""
    return request.POST.get("part") == "preview"
