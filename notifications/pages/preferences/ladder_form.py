"""Selects for when a channel speaks, of a person and of a type: how they are shown, and what a submitted form says."""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict

from events.errors import PreferenceRefused
from events.errors import shown as quoted
from events.rules import channel_names
from events.rules.audience import STEP_WORDS
from events.rules.ladders import NEVER, STEPS, Step, readable

# What stands for no choice.
USUAL = "usual"
_STEPS: dict[str, Step] = {str(step): step for step in STEPS}


def selects(ladder: Any, *, prefix: str, usual: Any, kept: Collection[str] = ()) -> list[dict[str, Any]]:
    """A select for each channel that can wait. `usual`: words of no choice; `kept`: channels that can't be silent."""
    chosen = dict(readable(ladder))
    return [
        {
            "name": f"{prefix}-{name}",
            "label": label,
            "value": str(chosen.get(name, USUAL)),
            "options": [
                (USUAL, usual),
                *((str(step), text) for step, text in STEP_WORDS.items() if step != NEVER or name not in kept),
            ],
        }
        for name, label in channel_names.labels()
        if name != "in_app"
    ]


def as_shown(ladder: Any) -> Mapping[str, Step]:
    return dict(readable(ladder))


def submitted(form: QueryDict, *, prefix: str, stored: Any) -> dict[str, Step]:
    """Read the selects; a channel that the form doesn't name keeps what is stored. Raises PreferenceRefused."""
    ladder = dict(readable(stored))
    for name in channel_names.known():
        if (value := form.get(f"{prefix}-{name}")) is None:
            continue
        ladder.pop(name, None)
        if value in _STEPS:
            ladder[name] = _STEPS[value]
        elif value != USUAL:
            accepted = ", ".join((USUAL, *_STEPS))
            detail = f"{prefix}-{name} is {quoted(value)}; accepted are {accepted}"
            raise PreferenceRefused(detail, code="invalid_ladder", field=f"{prefix}-{name}")
    return ladder
