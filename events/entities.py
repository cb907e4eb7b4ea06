"""Entities, which events are about: `(type, id)`, and their addresses on the site."""

import logging
import re
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise

from events.db.session import savepoint_if_asked
from events.errors import EntityRefused, shown

BIGINT_MAX = 2**63 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

# Of an address; of one answer, in seconds; and how many times as long one that took longer isn't asked again: whatever
# an app's resolver does, a list waits for it a tenth of the time at most.
MAX_URL = 2000
SLOW = 1.0
REST = 10

logger = logging.getLogger(__name__)

UrlResolver = Callable[[int], "str | Promise | None"]
_resolvers: dict[str, UrlResolver] = {}
_resting: dict[str, float] = {}
_reported: set[str] = set()


@dataclass(frozen=True, slots=True)
class Entity:
    """A lower-case model name (or a registered one) and a whole number within 64 bits."""

    type: str
    id: int

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or not _NAME.fullmatch(self.type):
            raise EntityRefused(
                f"entity type {shown(self.type)} is not a name: use lower-case letters, digits and _, at most 64",
                code="invalid_entity",
                field="source_entity_type",
            )
        if isinstance(self.id, bool) or not isinstance(self.id, int) or not 0 <= self.id <= BIGINT_MAX:
            raise EntityRefused(
                f"entity id {shown(self.id)} is not a whole number between 0 and 2^63-1",
                code="invalid_entity",
                field="source_entity_id",
            )

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

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
        f"source {shown(source)} is neither a model instance nor an Entity(type, id)",
        code="invalid_entity",
        field="source",
    )


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
    """`job:42` as an entity. EntityRefused with what is accepted otherwise."""
    entity_type, colon, digits = text.partition(":")
    number = whole_number(digits)
    if not colon or number is None:
        raise EntityRefused(
            f"source {shown(text)} is not of the form type:id, as in job:42", code="invalid_entity", field="source"
        )
    return Entity(entity_type, number)


def register_entity(name: str, *, url: UrlResolver | None = None) -> None:
    """Say where entities of this type are seen: `url(id)` gives a path on this site, or None when it is gone.

    Without `url` they are seen on the page that Carillon makes of their events.
    """
    Entity(name, 0)
    _resolvers[name] = url or (lambda number: reverse("entity", args=[name, number]))
    _resting.pop(name, None)
    _reported.discard(name)


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
