"""Alerts to owners of addresses that fail: events like any other, over their feed and their other addresses."""

from delivery import channels, reasons
from delivery.models import Address, Destination
from delivery.models.addresses import ADDRESS_ENTITY
from delivery.models.destinations import DESTINATION_ENTITY
from events import memberships
from events.bus import Entity, publish
from events.models import Membership

FAILING = "system.address_failing"
DISABLED = "system.address_disabled"


def tell_owner(address: Address, event_type: str, *, reason: str) -> None:
    """Publish the event, in the transaction that found it out. A few queries: this is rare.

    `reason`: its code; what it says is a sentence. Of a destination it is told to the owners of its project, or to
    admins.
    """
    if address.user_id is None:
        source = _tied(address.destination)
    else:
        source = Entity(ADDRESS_ENTITY, address.pk)
        memberships.grant(source, user=address.user_id, role=Membership.Role.OWNER)
    publish(event_type, source=source, payload=_payload(address, reason))


def _tied(destination: Destination) -> Entity:
    """Give a destination the owners that it has now."""
    source, project_id = Entity(DESTINATION_ENTITY, destination.pk), destination.project_id
    if project_id is None:
        owners = memberships.admins()
    else:
        of_project = memberships.members_of(Entity("project", project_id)).filter(role=Membership.Role.OWNER)
        owners = list(of_project.values_list("user_id", flat=True))
    memberships.members_of(source).delete()
    Membership.objects.bulk_create(
        [Membership(**source.columns("entity"), user_id=user, role=Membership.Role.OWNER) for user in owners]
    )
    return source


def _payload(address: Address, reason: str) -> dict[str, str]:
    since = address.failing_since
    label = channels.named(address.kind).label if address.user_id else address.destination.label
    return {
        "label": str(label),
        "target": address.masked_target[:200],
        "since": f"{since:%-d %B, %H:%M} UTC" if since else "",
        "reason": reasons.sentence(reason),
    }
