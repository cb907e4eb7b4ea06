"""Entities, which events are about: `(type, id)`, and their addresses on the site."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model

from events.errors import EntityRefused

BIGINT_MAX = 2**63 - 1
# What the key of Django's own users can be.
USER_ID_MAX = 2**31 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

UrlResolver = Callable[[int], "str | None"]
_resolvers: dict[str, UrlResolver] = {}


@dataclass(frozen=True, slots=True)
class Entity:
    """A lower-case model name (or a registered one) and a whole number within 64 bits."""

    type: str
    id: int

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or not _NAME.fullmatch(self.type):
            raise EntityRefused(
                f"entity type {self.type!r} is not a name: use lower-case letters, digits and _, at most 64",
                code="invalid_entity",
                field="source_entity_type",
            )
        if isinstance(self.id, bool) or not isinstance(self.id, int) or not 0 <= self.id <= BIGINT_MAX:
            raise EntityRefused(
                f"entity id {self.id!r} is not a whole number between 0 and 2^63-1",
                code="invalid_entity",
                field="source_entity_id",
            )

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @property
    def url(self) -> str | None:
        resolver = _resolvers.get(self.type)
        return resolver(self.id) if resolver else None


def entity_of(source: Model | Entity) -> Entity:
    """The entity that a model instance (saved, whole-number key) or an entity stands for. EntityRefused otherwise."""
    if isinstance(source, Entity):
        return source
    if isinstance(source, Model):
        if source.pk is None:
            raise EntityRefused(
                f"{source._meta.model_name} is not saved yet: save it before publishing about it",
                code="invalid_entity",
                field="source",
            )
        return Entity(source._meta.model_name or "", source.pk)
    raise EntityRefused(
        f"source {source!r} is neither a model instance nor an Entity(type, id)", code="invalid_entity", field="source"
    )


def whole_number(text: str) -> int | None:
    """The number that a text of digits spells, if a key column can hold it."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(BIGINT_MAX)) else None
    return number if number is None or number <= BIGINT_MAX else None


def whole_number_argument(text: str) -> int:
    """Type of a command's argument that names a row or a position."""
    number = whole_number(text)
    if number is None:
        raise ArgumentTypeError(f"{text[:40]!r} is not a whole number from 0 to 2^63-1")
    return number


def parse_entity(text: str) -> Entity:
    """`job:42` as an entity. EntityRefused with what is accepted otherwise."""
    entity_type, colon, digits = text.partition(":")
    number = whole_number(digits)
    if not colon or number is None:
        raise EntityRefused(
            f"source {text[:100]!r} is not of the form type:id, as in job:42", code="invalid_entity", field="source"
        )
    return Entity(entity_type, number)


def register_entity(name: str, *, url: UrlResolver) -> None:
    """Say where entities of this type are seen: `url(id)` gives a path on this site, or None when it is gone."""
    Entity(name, 0)
    _resolvers[name] = url
