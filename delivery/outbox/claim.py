"""Claims on deliveries: a short transaction that leaves a token, a lease and an attempt on each.

Address after address is served, so that one with a long queue keeps no other waiting, and each gives what it has room
for over all processes: a locked address is claimed for by one worker at a time.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count

from delivery.address_health import circuit_breaker, rate_limit, servers
from delivery.channels import Channel
from delivery.models import Address, Delivery
from delivery.outbox import lease, load
from events.db.rows import update_rows, values_table
from events.db.session import datetime_param
from notifications.presentation import access

# Addresses that one claim looks at.
MOST_ADDRESSES = 1000

State = Delivery.State


@dataclass(slots=True)
class Batch:
    """Deliveries of one claim. `after`: the address to go on from, 0 for the first; `is_last`: nothing more is due."""

    deliveries: list[lease.Leased] = field(default_factory=list)
    after: int = 0
    is_last: bool = False


def is_any_due(*, now: datetime) -> bool:
    """Tell whether any delivery is due, and nothing holds its address. One query."""
    return Delivery.objects.due(now).exists()


def claim(channel: Channel, *, free: int, retries: int, after: int = 0, now: datetime) -> Batch:
    """Claim at most `free` due deliveries, of them at most `retries` that have failed before; skip the unwanted.

    At most 27 queries, however many deliveries and addresses.
    """
    due, walked_to = _due_addresses(channel.name, after=after, now=now)
    considered = due[: max(free, 1)]
    if not considered:
        return Batch(after=walked_to, is_last=not (after or walked_to))
    if len(considered) < len(due):
        walked_to = considered[-1]
    seen = _ask_access(channel, considered, free=free, retries=retries, now=now)
    with transaction.atomic():
        addresses = _lock(considered)
        servers.follow(channel, addresses)
        probes = servers.lock_half_open(addresses.values(), now=now)
        chosen = _choose(channel, addresses, probes=probes, free=free, retries=retries, now=now)
        deliveries = lease.take(channel, chosen, addresses=addresses, seen=seen, now=now)
        _use_rates(deliveries, addresses=addresses, now=now)
        servers.begin_probes((one.outgoing.address for one in deliveries), now=now)
    return Batch(deliveries, after=walked_to, is_last=not (after or walked_to or chosen))


def _due_addresses(kind: str, *, after: int, now: datetime) -> tuple[list[int], int]:
    """Addresses with something due, from the one after `after` on, and where the walk ended; 0: there are no more.

    One index probe for each address with something pending, due or not. One that waits, or whose server does, is left.
    """
    at = datetime_param(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE walk(address_id, step) AS ("
            "SELECT (SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending' AND kind = %s "
            "AND channel_id > %s), 1 "
            "UNION ALL SELECT (SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending' AND kind = %s "
            "AND channel_id > walk.address_id), step + 1 FROM walk WHERE address_id IS NOT NULL AND step < %s) "
            "SELECT address_id, COALESCE(a.open_until <= %s, true) AND COALESCE(a.paced_until <= %s, true) "
            "AND COALESCE(s.open_until <= %s, true) AND EXISTS (SELECT 1 FROM deliveries "
            "WHERE state = 'pending' AND kind = %s AND channel_id = address_id AND due_at <= %s) "
            "FROM walk JOIN notification_channels AS a ON a.id = address_id "
            "LEFT JOIN delivery_servers AS s ON s.id = a.server_id ORDER BY address_id",
            [kind, after, kind, MOST_ADDRESSES, at, at, at, kind, at],
        )
        walked = cursor.fetchall()
    return [address for address, is_due in walked if is_due], walked[-1][0] if len(walked) == MOST_ADDRESSES else 0


def _lock(ids: Sequence[int]) -> dict[int, Address]:
    """Lock those that no other worker claims for just now. New deliveries may still be opened for them meanwhile."""
    rows = Address.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in_set=ids).order_by("pk")
    return {row.pk: row for row in rows}


def _ask_access(channel: Channel, considered: Sequence[int], *, free: int, retries: int, now: datetime) -> load.Seen:
    """Ask the host of what will most likely be chosen: it may take its time, so nothing is locked yet."""
    if not access.is_asked():
        return None
    addresses = Address.objects.select_related("server").in_bulk(considered)
    probes = servers.half_open(addresses.values(), now=now)
    return load.ask_access(_choose(channel, addresses, probes=probes, free=free, retries=retries, now=now))


def _choose(
    channel: Channel, addresses: Mapping[int, Address], *, probes: set[int], free: int, retries: int, now: datetime
) -> list[int]:
    """Ids of due deliveries: the first of each address, then the second of each, while there is room.

    `probes`: servers that get one attempt from all.
    """
    chosen: list[int] = []
    rooms = _rooms(channel, addresses, probes=probes, now=now) if free > 0 else {}
    for pk, address_id, tries in _first_due(channel.name, rooms, now=now):
        if len(chosen) == free:
            break
        if tries:
            if retries <= 0:
                continue
            retries -= 1
        server = addresses[address_id].server
        if server is not None and servers.is_probed(server):
            if server.pk not in probes:
                continue
            probes.discard(server.pk)
        chosen.append(pk)
    return chosen


def _rooms(
    channel: Channel, addresses: Mapping[int, Address], *, probes: Collection[int], now: datetime
) -> dict[int, int]:
    """address -> how many of its deliveries may be tried now, beside those in flight in any process that lives."""
    sending = Delivery.objects.filter(
        state=State.SENDING, lease_until__gte=now, address_id__in_set=addresses
    ).order_by()
    in_flight = dict(sending.values_list("address_id").annotate(Count("id")))
    rooms = {}
    for pk, address in addresses.items():
        at_once, sending_now = channel.per_address, in_flight.get(pk, 0)
        room = circuit_breaker.room(address, per_address=at_once, in_flight=sending_now, now=now)
        room = servers.room(address.server, room, probes=probes, now=now)
        available = rate_limit.available(address, now=now)
        if room := room if available is None else min(room, available):
            rooms[pk] = room
    return rooms


def _first_due(kind: str, limits: Mapping[int, int], *, now: datetime) -> list[tuple[int, int, int]]:
    """(delivery, address, tries) of the longest due, as many of each address as `limits` says; first the first of each.

    What lies behind isn't read: a queue may be a hundred thousand long.
    """
    if not limits:
        return []
    table, params = values_table({"address_id": "bigint", "room": "bigint"}, list(limits.items()))
    at = datetime_param(now)
    due = "state = 'pending' AND kind = %s AND due_at <= %s"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, address_id, tries FROM (SELECT id, address_id, tries, room, "
            "due_at, row_number() OVER (PARTITION BY address_id ORDER BY due_at, id) AS place "
            f"FROM {table} AS limits JOIN deliveries ON channel_id = address_id WHERE {due} AND due_at <= COALESCE("
            f"(SELECT due_at FROM deliveries AS its WHERE {due} AND its.channel_id = address_id "
            "ORDER BY due_at LIMIT 1 OFFSET %s), %s)) AS first WHERE place <= room ORDER BY place, due_at, id",
            [*params, kind, at, kind, at, max(limits.values()) - 1, at],
        )
        return [(pk, address_id, tries) for pk, address_id, tries in cursor.fetchall()]


def _use_rates(claimed: Sequence[lease.Leased], *, addresses: Mapping[int, Address], now: datetime) -> None:
    starts = Counter(one.outgoing.address.pk for one in claimed if one.outgoing.address.rate_per_second)
    for pk, count in starts.items():
        rate_limit.consume(addresses[pk], count, now=now)
    columns = {"id": "bigint", "paced_until": "timestamptz"}
    update_rows("notification_channels", columns=columns, rows=[(pk, addresses[pk].paced_until) for pk in starts])
