"""Addresses of the API and the pages: Django's `path`, which knows `<bigint:...>` and `<entity_id:...>` here."""

from django.urls import path, register_converter

from events.entities import BIGINT_MAX, Entity, parse_id
from events.errors import EntityRefused

__all__ = ["entity_at", "path"]


class Bigint:
    """A whole number that fits into 64 bits; anything else is no address here, so a 404."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > BIGINT_MAX:
            raise ValueError
        return number

    def to_url(self, value: int) -> str:
        return str(value)


class EntityId:
    """Id of an entity, slashes in it escaped or not; the view refuses what is none."""

    regex = ".+"

    def to_python(self, value: str) -> int | str:
        return parse_id(value)

    def to_url(self, value: int | str) -> str:
        return str(value)


def entity_at(kind: str, key: int | str) -> Entity:
    """The entity of an address. EntityRefused with the address's own name of what is wrong."""
    try:
        return Entity(kind, key)
    except EntityRefused as error:
        error.field = (error.field or "").removeprefix("source_")
        raise


register_converter(Bigint, "bigint")
register_converter(EntityId, "entity_id")
