"""Alerts to owners of addresses that fail: events like any other, over their feed and their other addresses."""

from delivery import channels, reasons
from delivery.models import Address
from delivery.models.addresses import ADDRESS_ENTITY
from events.bus import Entity, publish
from events.memberships import grant

FAILING = "system.address_failing"
DISABLED = "system.address_disabled"


def tell_owner(address: Address, event_type: str, *, reason: str) -> None:
    """Publish the event, in the transaction that found it out. A few queries: this is rare.

    `reason`: its code; what it says is a sentence.
    """
    source = Entity(ADDRESS_ENTITY, address.pk)
    grant(source, user=address.user_id, role="owner")
    publish(event_type, source=source, payload=_payload(address, reason))


def _payload(address: Address, reason: str) -> dict[str, str]:
    since = address.failing_since
    return {
        "label": str(channels.named(address.kind).label),
        "target": address.masked_target[:200],
        "since": f"{since:%-d %B, %H:%M} UTC" if since else "",
        "reason": reasons.sentence(reason),
    }
