"""Eligibility of a delivery, looked at anew whenever it is claimed: is it still wanted, and still theirs? Pure."""

from datetime import timedelta

from delivery.channels import Outgoing
from delivery.models import Delivery
from delivery.models.addresses import ADDRESS_ENTITY, REPLACED
from events import accounts
from notifications.holds.last_look import ACCESS_UNKNOWN

# What isn't skipped but waits for so long: it ends by itself.
WAITS = {REPLACED: timedelta(seconds=5), ACCESS_UNKNOWN: timedelta(seconds=30)}

READ = "read"


def skip_reason(outgoing: Outgoing, *, skips_read: bool) -> str:
    """Return the code of the reason to skip it, or to let it wait; empty: send it."""
    if not outgoing.user.is_active:
        return "user_inactive"
    if moved := _moved(outgoing):
        return moved
    if not outgoing.address.is_enabled:
        return "address_disabled"
    if outgoing.address.verified_at is None and outgoing.delivery.purpose != Delivery.Purpose.CONFIRMATION:
        return "address_unverified"
    if skips_read and _is_read(outgoing):
        return READ
    if _is_about_its_address(outgoing):
        return "about_itself"
    return outgoing.unwanted


def _moved(outgoing: Outgoing) -> str:
    """Say what became of the account's address, if that is another one now: the sweep lets what is unsent follow."""
    address, email = outgoing.address, accounts.email_of(outgoing.user)
    if address.disabled_reason == REPLACED:
        return REPLACED
    if not address.is_account or address.target == email:
        return ""
    return REPLACED if email else "address_removed"


def _is_read(outgoing: Outgoing) -> bool:
    if outgoing.summary is not None:
        return outgoing.summary.is_read
    return outgoing.notification is not None and outgoing.notification.is_read


def _is_about_its_address(outgoing: Outgoing) -> bool:
    """Tell whether it says of an address that it fails: that goes over others."""
    source = outgoing.event.source if outgoing.event else None
    return source is not None and (source.type, source.id) == (ADDRESS_ENTITY, outgoing.address.pk)
