"""Taking deliveries to send them: a short transaction that leaves a token, a lease and an attempt on each.

It goes from address to address, so that one with a long queue keeps no other waiting, and takes from each what that
has room for over all processes: a locked address is claimed for by one worker at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count

from delivery.address_health import circuit_breaker, rate_limit, slow_start
from delivery.channels import Channel
from delivery.models import Address, Delivery
from delivery.outbox import lease
from events.db import arrays

# Addresses that one claim looks at, and deliveries of one address that it puts off at once.
WALK = 1000
PUT_OFF = 500
RATE_LIMITED = "rate_limited"

State = Delivery.State


@dataclass(slots=True)
class Claim:
    """`after`: the address to go on from; 0: from the beginning. `is_through`: there is nothing for us just now."""

    claimed: list[lease.Claimed] = field(default_factory=list)
    after: int = 0
    is_through: bool = False


def is_any_due(*, now: datetime) -> bool:
    """One look by index."""
    return Delivery.objects.filter(state=State.PENDING, due_at__lte=now).exists()


def claim(channel: Channel, *, free: int, retries: int, after: int = 0, now: datetime) -> Claim:
    """At most `free` deliveries that are due, of them at most `retries` that have failed before.

    About thirteen queries, however many those are. What nobody wants any more is skipped on the way.
    """
    due, walked_to = _due_addresses(channel.name, after=after, now=now)
    considered = due[: max(free, 1)]
    if not considered:
        return Claim(after=walked_to, is_through=not (after or walked_to))
    if len(considered) < len(due):
        walked_to = considered[-1]
    with transaction.atomic():
        addresses = _lock(considered)
        put_off = _put_off(addresses, kind=channel.name, now=now)
        picked = _pick(channel, addresses, free=free, retries=retries, now=now)
        claimed = lease.take(channel, picked, addresses=addresses, now=now)
        _pace(claimed, addresses=addresses, now=now)
    return Claim(claimed, after=walked_to, is_through=not (after or walked_to or picked or put_off))


def _due_addresses(kind: str, *, after: int, now: datetime) -> tuple[list[int], int]:
    """Addresses with something due, from the one after `after` on, and where the walk ended; 0: there are no more.

    One index probe for each address with something pending, due or not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE walk(address_id, step) AS ("
            "SELECT (SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending' AND kind = %s "
            "AND channel_id > %s), 1 "
            "UNION ALL SELECT (SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending' AND kind = %s "
            "AND channel_id > walk.address_id), step + 1 FROM walk WHERE address_id IS NOT NULL AND step < %s) "
            "SELECT address_id, EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND kind = %s "
            "AND channel_id = walk.address_id AND due_at <= %s) FROM walk WHERE address_id IS NOT NULL",
            [kind, after, kind, WALK, kind, connection.ops.adapt_datetimefield_value(now)],
        )
        walked = cursor.fetchall()
    return [address for address, is_due in walked if is_due], walked[-1][0] if len(walked) == WALK else 0


def _lock(ids: Sequence[int]) -> dict[int, Address]:
    """Those that no other worker claims for just now. New deliveries may still be opened for them meanwhile."""
    rows = Address.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in_set=ids).order_by("pk")
    return {row.pk: row for row in rows}


def _put_off(addresses: dict[int, Address], *, kind: str, now: datetime) -> int:
    """What is due at an address that may not be tried yet waits until it may: a piece of its queue at a time."""
    moved = 0
    for address in addresses.values():
        until, reason = None, ""
        if circuit_breaker.is_open(address, now=now):
            until, reason = address.open_until, circuit_breaker.BREAKER_OPEN
        elif rate_limit.allowed(address, now=now) == 0:
            until, reason = rate_limit.next_at(address, now=now), RATE_LIMITED
        if until is not None:
            due = Delivery.objects.filter(state=State.PENDING, kind=kind, address=address, due_at__lte=now)
            ids = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:PUT_OFF])
            moved += Delivery.objects.filter(pk__in_set=ids, state=State.PENDING).update(due_at=until, reason=reason)
    return moved


def _pick(channel: Channel, addresses: dict[int, Address], *, free: int, retries: int, now: datetime) -> list[int]:
    """Ids of due deliveries: the first of each address, then the second of each, while there is room."""
    rooms = _rooms(channel, addresses, now=now)
    if not rooms or free <= 0:
        return []
    table, params = arrays.table({"address_id": "bigint", "room": "bigint"}, list(rooms.items()))
    at = connection.ops.adapt_datetimefield_value(now)
    due = "state = 'pending' AND kind = %s AND due_at <= %s"
    if connection.vendor == "postgresql":
        query = (
            "SELECT d.id, d.tries, d.place FROM (SELECT * FROM {table} AS t) AS rooms CROSS JOIN LATERAL "
            "(SELECT id, tries, row_number() OVER (ORDER BY due_at, id) AS place FROM deliveries "
            f"WHERE {due} AND channel_id = rooms.address_id ORDER BY due_at, id LIMIT rooms.room) AS d"
        )
        params = [*params, channel.name, at]
    else:
        query = (
            "SELECT d.id, d.tries, d.place FROM {table} AS rooms JOIN (SELECT id, tries, channel_id, row_number() "
            f"OVER (PARTITION BY channel_id ORDER BY due_at, id) AS place FROM deliveries WHERE {due}) AS d "
            "ON d.channel_id = rooms.address_id AND d.place <= rooms.room"
        )
        params = [*params, channel.name, at]
    with connection.cursor() as cursor:
        cursor.execute(query.format(table=table), params)
        found = sorted(cursor.fetchall(), key=lambda row: (row[2], row[0]))
    picked: list[int] = []
    for pk, tries, _place in found:
        if len(picked) == free:
            break
        if tries:
            if retries <= 0:
                continue
            retries -= 1
        picked.append(pk)
    return picked


def _rooms(channel: Channel, addresses: dict[int, Address], *, now: datetime) -> dict[int, int]:
    """address -> how many of its deliveries may be tried now, beside those in flight in any process."""
    if not addresses:
        return {}
    sending = Delivery.objects.filter(state=State.SENDING, address_id__in_set=addresses).order_by()
    in_flight = dict(sending.values_list("address_id").annotate(Count("id")))
    rooms = {}
    for pk, address in addresses.items():
        room = circuit_breaker.room(
            address, per_address=slow_start.of(channel, pk), in_flight=in_flight.get(pk, 0), now=now
        )
        allowed = rate_limit.allowed(address, now=now)
        if room := room if allowed is None else min(room, allowed):
            rooms[pk] = room
    return rooms


def _pace(claimed: Sequence[lease.Claimed], *, addresses: dict[int, Address], now: datetime) -> None:
    """Write down what the addresses with a rate have used of it."""
    started = Counter(one.outgoing.address.pk for one in claimed)
    for pk, count in started.items():
        address = addresses[pk]
        if address.rate_per_second:
            rate_limit.use(address, count, now=now)
            Address.objects.filter(pk=pk).update(paced_until=address.paced_until)
