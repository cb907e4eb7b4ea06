"""Names of entities: as their events call them, else by type and id."""

from collections.abc import Iterable
from typing import Any

from django.utils.text import capfirst

from events.entities import Entity

# Where payloads of the seeded types, and of most others, name what they are about; the first one counts.
_NAMES = ("name", "title", "label", "host")
MAX_NAME = 200


def entity_name(entity: Entity, payloads: Iterable[Any]) -> str:
    """The first name in these payloads, newest first: "Shot 042"; "Job 42" where none has one."""
    for payload in payloads:
        for key in _NAMES:
            value = payload.get(key) if isinstance(payload, dict) else None
            if isinstance(value, str) and value.strip():
                return value[:MAX_NAME]
    return plain_name(entity)


def plain_name(entity: Entity) -> str:
    return capfirst(entity.words)


def initials(name: str) -> str:
    """First letters of the first and the last word: "Alice Martin" is AM."""
    words = name.split()
    if not words:
        return ""
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()
