"""Addresses of the API and the pages: Django's `path`, with `<bigint:...>` known wherever it is imported from here."""

from django.urls import path, register_converter

from events.entities import BIGINT_MAX

__all__ = ["path"]


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


register_converter(Bigint, "bigint")
