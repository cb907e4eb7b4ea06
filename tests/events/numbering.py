"""Numbering alone, without anybody who reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.dispatch import sequencer

if TYPE_CHECKING:
    from events.models import Event


def number_all(*, announced: list[Event] | None = None) -> int:
    """Number until nothing visible is left, or the readers are too far behind; how many."""
    total = 0
    while count := sequencer.number(announced=announced).count:
        total += count
    return total
