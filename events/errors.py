"""Input that is not accepted: what was wrong, what is accepted, under a code that never changes."""

from reprlib import Repr
from typing import Any

_shortened = Repr()
_shortened.maxstring = _shortened.maxother = _shortened.maxlong = 60
_shortened.maxlist = _shortened.maxtuple = _shortened.maxdict = 4


def shown(value: Any) -> str:
    """A refused value as a sentence quotes it: short, whatever it is, so that the rule beside it is read."""
    return _shortened.repr(value)[:100]


class Refused(ValueError):
    """`code` is stable (docs/errors.md lists them all); `field` is the input's name, `index` its place in an array."""

    # What the API answers; floors above have refusals of their own.
    http_status = 400
    # Seconds after which it would be accepted, for Retry-After; None where waiting doesn't help.
    wait: int | None = None

    def __init__(self, detail: str, *, code: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail, self.code, self.field = detail, code, field
        self.index: int | None = None
        # What was wrong with further elements of the same array.
        self.others: list[Refused] = []


class UnknownEventType(Refused):
    """An event type that doesn't exist."""


class InactiveEventType(Refused):
    """The type is switched off: stored events still route, new ones are refused."""

    http_status = 409


class UnknownUser(Refused):
    """A user that doesn't exist."""


class EntityRefused(Refused):
    """A source that is no `(type, id)`."""


class PayloadRefused(Refused):
    """A payload that can't be stored or breaks its type's schema. `path` is a JSON path such as `$.progress`."""

    def __init__(self, detail: str, *, code: str, path: str = "$") -> None:
        super().__init__(f"payload {path}: {detail}", code=code, field="payload")
        self.path = path


class IdempotencyConflict(Refused):
    """An idempotency key came again with other content."""

    http_status = 409


class WithdrawalRefused(Refused):
    """An event that can't be taken back."""

    http_status = 409


class AcknowledgementRefused(Refused):
    """An event that doesn't wait for anybody to acknowledge it."""

    http_status = 409


class AudienceFailed(Refused):
    """An audience by code failed, so nobody can say who would be told; publishing doesn't ask it."""

    http_status = 503
    wait = 10


class MomentRefused(Refused):
    """A text that is no time, or a time beyond those that are accepted."""


class PreferenceRefused(Refused):
    """A preference or a setting that can't be."""
