"""Digests of destinations: what is due for one goes in one message, which the first of them carries.

The others end as `in_digest` with its bytes, which are frozen with all of them: it is sent, fails and is sent again for
them all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from delivery.channels import Outgoing
from delivery.models import Delivery, Destination

IN_DIGEST = "in_digest"
# In one message; what is more goes in the next one. Looked at in one claim.
MOST, MOST_LOOKED_AT = 100, 1000


def also_due(rows: Sequence[Delivery], *, now: datetime) -> list[Delivery]:
    """Lock what else is due for those destinations of these that have a digest. Two queries at most, none where all
    addresses are people's."""
    fresh = {row.address_id: row.address for row in rows if row.address.user_id is None and row.body is None}
    if not fresh:
        return []
    digests = Destination.objects.exclude(digest=Destination.Digest.AT_ONCE).filter(address_id__in_set=fresh)
    if not (addresses := list(digests.values_list("address_id", flat=True))):
        return []
    due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        address_id__in=addresses,
        state=Delivery.State.PENDING,
        purpose=Delivery.Purpose.EVENT,
        body=None,
        due_at__lte=now,
    )
    due = due.exclude(pk__in=[row.pk for row in rows]).select_related("notification", "summary")
    found = list(due.order_by("due_at", "pk")[:MOST_LOOKED_AT])
    for row in found:
        row.address = fresh[row.address_id]
    return found


def gather(wanted: Sequence[Outgoing]) -> tuple[list[Outgoing], dict[int, list[int]]]:
    """Let the first of each destination's digest carry the events of the others; those to send, in order, and the ids
    that each carries. What has no room in it isn't sent now."""
    alone, by_address = list[Outgoing](), defaultdict[int, list[Outgoing]](list)
    for one in wanted:
        is_gathered = one.destination is not None and one.event is not None and one.destination.gathers(one.event)
        (by_address[one.address.pk] if is_gathered and one.delivery.body is None else alone).append(one)
    carried = {}
    for group in by_address.values():
        first, *others = group[:MOST]
        if others:
            first.gathered = [one.event for one in group[:MOST] if one.event is not None]
            first.delivery.count = len(first.gathered)
            carried[first.delivery.pk] = [one.delivery.pk for one in others]
        alone.append(first)
    return sorted(alone, key=lambda one: one.delivery.pk), carried


def frozen(
    wanted: Sequence[Outgoing], carried: Mapping[int, Sequence[int]]
) -> tuple[dict[int, str], list[tuple[int, int]]]:
    """Say what ends with the bytes of these: the carried ones, with their reason; and of how many each tells."""
    ready = [one.delivery for one in wanted if one.delivery.pk in carried]
    return {pk: IN_DIGEST for row in ready for pk in carried[row.pk]}, [(row.pk, row.count) for row in ready]
