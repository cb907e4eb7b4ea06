"""Links that go out: absolute, and, where they work without signing in, signed for one thing only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.urls import reverse

from delivery.conf import conf
from delivery.models import Address
from events.entities import Entity

# How long a person may take to confirm an address.
CONFIRM_WITHIN = timedelta(days=3)

_UNSUBSCRIBE = signing.Signer(salt="carillon.unsubscribe")
_MUTE = signing.Signer(salt="carillon.mute")
_ACKNOWLEDGE = signing.Signer(salt="carillon.acknowledge")
_CONFIRM = signing.Signer(salt="carillon.confirm")


class InvalidLinkError(ValueError):
    """Link that was not signed here."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Subscription to mails for one type, or (None) to the digest, of one person."""

    user_id: int
    event_type_id: int | None


@dataclass(frozen=True, slots=True)
class Muting:
    """Mute of one entity for one person, as a link in a mail offers it; `name`: of the entity, in that mail."""

    user_id: int
    entity: Entity
    name: str


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """Acknowledgement of one event by one person, by their row of it."""

    user_id: int
    notification_id: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Confirmation that this address, as it read then, is this person's."""

    address_id: int
    user_id: int
    target: str
    until: datetime


def absolute_url(path: str) -> str:
    return f"{conf.BASE_URL}{path}"


def unsubscribe_url(subscription: Subscription) -> str:
    """Sign a link that works as long as the mail is kept: it has no end (RFC 8058)."""
    token = _UNSUBSCRIBE.sign_object([subscription.user_id, subscription.event_type_id])
    return absolute_url(reverse("carillon:unsubscribe", args=[token]))


def read_unsubscribe(token: str) -> Subscription:
    """Read the token. Raises InvalidLinkError."""
    user_id, event_type_id = _read(_UNSUBSCRIBE, token, to="unsubscribe")
    return Subscription(user_id, event_type_id)


def mute_url(muting: Muting) -> str:
    """Sign a link that works as long as the mail is kept."""
    token = _MUTE.sign_object([muting.user_id, muting.entity.type, muting.entity.id, muting.name])
    return absolute_url(reverse("carillon:mute-link", args=[token]))


def read_mute(token: str) -> Muting:
    """Read the token. Raises InvalidLinkError."""
    user_id, entity_type, entity_id, name = _read(_MUTE, token, to="mute")
    return Muting(user_id, Entity(entity_type, entity_id), name)


def acknowledge_url(acknowledging: Acknowledging) -> str:
    """Sign a link that works as long as the mail is kept: what is over can't be acknowledged."""
    token = _ACKNOWLEDGE.sign_object([acknowledging.user_id, acknowledging.notification_id])
    return absolute_url(reverse("carillon:acknowledge-link", args=[token]))


def read_acknowledge(token: str) -> Acknowledging:
    """Read the token. Raises InvalidLinkError."""
    user_id, notification_id = _read(_ACKNOWLEDGE, token, to="acknowledge")
    return Acknowledging(user_id, notification_id)


def confirmation_url(address: Address, *, sent_at: datetime) -> str:
    """Sign a link for the address as it reads now: a changed one needs a link of its own."""
    until = sent_at + CONFIRM_WITHIN
    token = _CONFIRM.sign_object([address.pk, address.user_id, address.target, int(until.timestamp())])
    return absolute_url(reverse("carillon:confirm-address", args=[token]))


def read_confirmation(token: str) -> Confirmation:
    """Read the token. Raises InvalidLinkError. Whether it is too late the caller says."""
    address_id, user_id, target, until = _read(_CONFIRM, token, to="confirm an address")
    return Confirmation(address_id, user_id, target, datetime.fromtimestamp(until).astimezone())


def _read(signer: signing.Signer, token: str, *, to: str) -> Any:
    try:
        return signer.unsign_object(token)
    except signing.BadSignature as error:
        raise InvalidLinkError(f"this link to {to} was not made here") from error
