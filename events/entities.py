"""Entities, which events are about: `(type, id)`, and their addresses on the site.

An id is a number where a BIGINT holds it, else text. Tables keep it in one of two columns: `..._id` or `..._key`.
"""

import logging
import re
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise

from events.db.session import savepoint_if_asked
from events.errors import EntityRefused, shown

BIGINT_MAX = 2**63 - 1
MAX_ID = 200
ACCEPTED_ID = (
    f"a whole number between 0 and 2^63-1, or text of 1 to {MAX_ID} printable characters, without spaces, "
    "and with no . or .. between slashes"
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# What browsers take out of an address.
_DOTS = re.compile(r"(^|/)\.\.?(/|$)")

# Of an address; of one answer, in seconds; and how many times as long one that took longer isn't asked again: whatever
# an app's resolver does, a list waits for it a tenth of the time at most.
MAX_URL = 2000
SLOW = 1.0
REST = 10

logger = logging.getLogger(__name__)

# Type and id.
Source = tuple[str, int | str]
UrlResolver = Callable[[Any], "str | Promise | None"]
_resolvers: dict[str, UrlResolver] = {}
_resting: dict[str, float] = {}
_reported: set[str] = set()


@dataclass(frozen=True, slots=True)
class Entity:
    """A lower-case model name (or a registered one), and an id as `parse_id` reads it. EntityRefused otherwise."""

    type: str
    id: int | str

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or not _NAME.fullmatch(self.type):
            raise EntityRefused(
                f"entity type {shown(self.type)} is not a name: use lower-case letters, digits and _, at most 64",
                code="invalid_entity",
                field="source_entity_type",
            )
        if isinstance(self.id, str):
            object.__setattr__(self, "id", parse_id(self.id))
        if not _is_id(self.id):
            raise EntityRefused(
                f"entity id {shown(self.id)} is not accepted; an id is {ACCEPTED_ID}",
                code="invalid_entity",
                field="source_entity_id",
            )

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @property
    def words(self) -> str:
        """Type and id as people read them: `render job 42`."""
        return f"{self.type.replace('_', ' ')} {self.id}"

    def columns(self, prefix: str) -> dict[str, Any]:
        """Columns of a table that name it, to filter by or to fill: `prefix_type`, and `prefix_id` or `prefix_key`."""
        half = "id" if isinstance(self.id, int) else "key"
        return {f"{prefix}_type": self.type, f"{prefix}_{half}": self.id}

    @property
    def url(self) -> str | None:
        """Path where it is seen, as the app that registered its type says. None also where that fails, which is logged
        once for each type, or rests: no list fails or waits for another's code."""
        return self._answer()[1]

    @property
    def is_gone(self) -> bool:
        """True if the app that registered its type says that there is none any more; not where it fails or rests."""
        return self._answer() == (True, None)

    def _answer(self) -> tuple[bool, str | None]:
        """Pair of whether the resolver answered, and its answer."""
        resolver, began = _resolvers.get(self.type), time.monotonic()
        if resolver is None or began < _resting.get(self.type, began):
            return False, None
        try:
            with savepoint_if_asked():
                return True, _address(resolver(self.id))
        except Exception:
            if _is_first_report(self.type):
                logger.exception("the resolver of %s entities fails: what is about them has no link", self.type)
            return False, None
        finally:
            if (taken := time.monotonic() - began) > SLOW:
                _resting[self.type] = began + taken * (1 + REST)
                if _is_first_report(self.type):
                    logger.warning("the resolver of %s entities took %.1f s: it rests after such", self.type, taken)


def entity_of(source: Model | Entity) -> Entity:
    """The entity that a saved model instance or an entity stands for. EntityRefused otherwise."""
    if isinstance(source, Entity):
        return source
    if isinstance(source, Model):
        if source.pk is None:
            raise EntityRefused(
                f"{source._meta.model_name} is not saved yet: save it before publishing about it",
                code="invalid_entity",
                field="source",
            )
        return Entity(source._meta.model_name or "", source.pk if isinstance(source.pk, int) else str(source.pk))
    raise EntityRefused(
        f"source {shown(source)} is neither a model instance nor an Entity(type, id)",
        code="invalid_entity",
        field="source",
    )


def parse_id(text: str) -> int | str:
    """The id that a text spells: a number where it is one as Python writes it and a BIGINT holds it, else the text."""
    number = whole_number(text)
    return text if number is None or str(number) != text else number


def stored_id(number: int | None, key: str | None) -> Any:
    """The id that a row has in its two columns, a number or text; None where both are empty."""
    return key if number is None else number


def whole_number(text: str) -> int | None:
    """The number that a text of digits spells, if a key column can hold it."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(BIGINT_MAX)) else None
    return number if number is None or number <= BIGINT_MAX else None


def whole_number_argument(text: str) -> int:
    """Type of a command's argument that names a row or a position."""
    number = whole_number(text)
    if number is None:
        raise ArgumentTypeError(f"{shown(text)} is not a whole number from 0 to 2^63-1")
    return number


def parse_entity(text: str) -> Entity:
    """`job:42` or `prompt:3f2c-91` as an entity. EntityRefused with what is accepted otherwise."""
    entity_type, colon, key = text.partition(":")
    if not colon:
        raise EntityRefused(
            f"source {shown(text)} is not of the form type:id, as in job:42", code="invalid_entity", field="source"
        )
    return Entity(entity_type, key)


def parsed_entity(text: str) -> Entity | None:
    """The entity that a text means, if any."""
    try:
        return parse_entity(text)
    except EntityRefused:
        return None


def register_entity(name: str, *, url: UrlResolver | None = None) -> None:
    """Say where entities of this type are seen: `url(id)` gives a path on this site, or None when it is gone.

    Without `url` they are seen on the page that Carillon makes of their events.
    """
    Entity(name, 0)
    _resolvers[name] = url or (lambda key: reverse("carillon:entity", args=[name, key]))
    _resting.pop(name, None)
    _reported.discard(name)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= MAX_ID and value.isprintable() and " " not in value and not _DOTS.search(value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BIGINT_MAX


def _address(answer: object) -> str | None:
    """The answer of a resolver as plain text that can be stored and sent."""
    if answer is None:
        return None
    if not isinstance(answer, str | Promise):
        raise TypeError(f"{type(answer).__name__} is no address: return a path, or None")
    text = str(answer)
    if len(text.encode()) > MAX_URL:
        raise ValueError(f"an address has {MAX_URL} bytes at most")
    return text


def _is_first_report(name: str) -> bool:
    is_first = name not in _reported
    _reported.add(name)
    return is_first
