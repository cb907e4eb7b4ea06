"""What a summary counts, as a sentence: "3 jobs completed, 1 failed, 2 awaiting review"."""

from __future__ import annotations

from collections.abc import Iterable

from events.models import EventType
from notifications.holds import summaries
from notifications.models import Summary


def in_words(summary: Summary, *, types: Iterable[EventType]) -> str:
    """As the feed says it, and without a query: a type that none of the given rows has keeps its name."""
    return summaries.in_words(summary.by_type, types={one.name: one for one in types})
