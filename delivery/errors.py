"""Input of this floor that is not accepted."""

from events.errors import Refused


class AddressRefused(Refused):
    """An address that can't be used. The detail says what to change, and nothing about the inner network."""


class AddressConflict(AddressRefused):
    """Refusal because of how this person's addresses stand now."""

    http_status = 409


class UnknownProject(AddressRefused):
    """Project whose destinations somebody else manages, or that there is not: nobody learns which of the two."""

    http_status = 404


class DeliveryConflict(Refused):
    """Delivery that isn't sent again."""

    http_status = 409


class TooSoon(AddressRefused):
    """Refusal because as many of these as may be were sent lately; `wait`: seconds until the next may be."""

    http_status = 429
    wait: int

    def __init__(self, detail: str, *, code: str, wait: int) -> None:
        super().__init__(detail, code=code)
        self.wait = wait
