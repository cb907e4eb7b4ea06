"""Eligibility of a delivery, looked at anew whenever it is claimed: is it still wanted, and still theirs? Pure."""

from datetime import timedelta

from delivery.channels import Outgoing
from delivery.models import Address, Delivery, Destination
from delivery.models.addresses import ADDRESS_ENTITY, REPLACED
from delivery.models.destinations import DESTINATION_ENTITY
from events import accounts
from events.accounts import User
from events.models import Event
from notifications.holds import last_look
from notifications.holds.last_look import ACCESS_UNKNOWN

# What isn't skipped but waits for so long: it ends by itself.
WAITS = {REPLACED: timedelta(seconds=5), ACCESS_UNKNOWN: timedelta(seconds=30)}

READ = "read"
NOT_COVERED = "not_covered"


def skip_reason(outgoing: Outgoing, *, skips_read: bool) -> str:
    """Return the code of the reason to skip it, or to let it wait; empty: send it."""
    if outgoing.user is not None:
        if not outgoing.user.is_active:
            return "user_inactive"
        if moved := _moved(outgoing.address, outgoing.user):
            return moved
    if not outgoing.address.is_enabled:
        return "address_disabled"
    if outgoing.address.verified_at is None and outgoing.delivery.purpose != Delivery.Purpose.CONFIRMATION:
        return "address_unverified"
    if outgoing.delivery.count > 1:
        # A digest goes as it was frozen, whatever became of its first event.
        return ""
    if ended := _ended(outgoing):
        # Which is why it is read as well.
        return ended
    if skips_read and _is_read(outgoing):
        return READ
    if _is_about_its_address(outgoing):
        return "about_itself"
    if outgoing.destination is not None and outgoing.event is not None:
        return _unwanted_by(outgoing.destination, outgoing.event)
    return outgoing.unwanted


def _ended(outgoing: Outgoing) -> str:
    if outgoing.event is not None:
        return last_look.ended(outgoing.event.withdrawn_at, outgoing.event.resolved_by_id)
    return outgoing.unwanted if outgoing.unwanted in (last_look.WITHDRAWN, last_look.RESOLVED) else ""


def _unwanted_by(destination: Destination, event: Event) -> str:
    """Say what speaks against an event for a destination. Nobody's `may_see` is asked: its managers chose its place."""
    return "" if destination.covers(event) else NOT_COVERED


def _moved(address: Address, user: User) -> str:
    """Say what became of the account's address, if that is another one now: the sweep lets what is unsent follow."""
    email = accounts.email_of(user)
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
    own = (
        (DESTINATION_ENTITY, outgoing.destination.pk) if outgoing.destination else (ADDRESS_ENTITY, outgoing.address.pk)
    )
    return source is not None and (source.type, source.id) == own
