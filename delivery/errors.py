"""Input of this floor that is not accepted."""

from __future__ import annotations

from events.errors import Refused


class AddressRefused(Refused):
    """An address that can't be used. The detail says what to change, and nothing about the inner network."""


class AddressConflict(AddressRefused):
    """Against how this person's addresses stand now."""

    http_status = 409


class AddressThrottled(AddressRefused):
    """One of these was sent to the address just now."""

    http_status = 429
