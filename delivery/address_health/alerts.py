"""Alerts to owners of addresses that fail: events like any other, over their feed and their other addresses."""

from __future__ import annotations

from dataclasses import dataclass, field

from delivery import channels
from delivery.models import Address
from delivery.models.addresses import ADDRESS_ENTITY
from events.bus import Entity, publish
from events.memberships import grant

FAILING = "system.address_failing"
DISABLED = "system.address_disabled"


@dataclass(slots=True)
class News:
    """Addresses, and the code of why."""

    failing: list[tuple[Address, str]] = field(default_factory=list)
    switched_off: list[tuple[Address, str]] = field(default_factory=list)


def tell_owners(news: News) -> None:
    """Publish an event for each address, in the transaction that found it out. A few queries each: this is rare."""
    for event_type, told in ((FAILING, news.failing), (DISABLED, news.switched_off)):
        for address, reason in told:
            source = Entity(ADDRESS_ENTITY, address.pk)
            grant(source, user=address.user_id, role="owner")
            publish(event_type, source=source, payload=_payload(address, reason))


def _payload(address: Address, reason: str) -> dict[str, str]:
    since = address.failing_since
    return {
        "kind": address.kind,
        "label": str(channels.named(address.kind).label),
        "target": address.target[:200],
        "since": f"{since:%-d %B, %H:%M}" if since else "",
        "reason": reason,
    }
