"""Input of this floor that is not accepted."""

from events.errors import Refused


class AddressRefused(Refused):
    """An address that can't be used. The detail says what to change, and nothing about the inner network."""


class AddressConflict(AddressRefused):
    """Refusal because of how this person's addresses stand now."""

    http_status = 409


class TooSoon(AddressRefused):
    """Refusal because one of these was sent to the address just now."""

    http_status = 429
