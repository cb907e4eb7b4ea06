"""Servers of ours: whose address goes over which, who probes one that failed, and what attempts say of it.

A server's breaker is an address's, with rules of its own: it opens sooner and is asked often, since much waits for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from delivery.address_health import circuit_breaker
from delivery.address_health.circuit_breaker import Rules
from delivery.channels import Channel, Outcome, blame
from delivery.models import Address, Delivery, Server
from events.db.rows import update_rows
from events.monitoring import families
from events.monitoring.counting import Tally

RULES = Rules(opens_after=3, shortest=timedelta(seconds=1), longest=timedelta(seconds=2))
# One that answers may count how often it is asked, most of all with the wrong password.
ANSWERS = RULES._replace(longest=timedelta(minutes=1))
# A probe that takes longer is followed by another.
PROBE = timedelta(seconds=15)
MOST_ENDED = 500
_BREAKER = ("failures", "failing_since", "last_success_at", "open_until")
_SAID = ("reason", "excerpt")


class Report(NamedTuple):
    """Report of one attempt over a server, as that was when it began. `key`: what `record` calls it."""

    key: int
    server: Server
    outcome: Outcome


def follow(channel: Channel, addresses: Mapping[int, Address]) -> None:
    """Let locked addresses point to the server that their channel names. No query where it names none, mostly one."""
    names = {pk: name for pk, address in addresses.items() if (name := channel.server_of(address))}
    servers: dict[str, Server] = {}
    if names:
        servers = Server.objects.in_bulk(set(names.values()), field_name="name")
        if missing := set(names.values()) - servers.keys():
            Server.objects.bulk_create([Server(name=name) for name in sorted(missing)], ignore_conflicts=True)
            servers = Server.objects.in_bulk(set(names.values()), field_name="name")
    moved = []
    for pk, address in addresses.items():
        server = servers.get(names.get(pk, ""))
        if address.server_id != (server.pk if server else None):
            moved.append((pk, server.pk if server else None))
        address.server = server
    update_rows("notification_channels", columns={"id": "bigint", "server_id": "bigint"}, rows=moved)


def half_open(addresses: Iterable[Address], *, now: datetime) -> set[int]:
    """Pick the servers that wait for a probe; their ids."""
    failing = {one.server.pk: one.server for one in addresses if one.server is not None and is_probed(one.server)}
    return {pk for pk, server in failing.items() if not circuit_breaker.is_open(server, now=now)}


def lock_half_open(addresses: Iterable[Address], *, now: datetime) -> set[int]:
    """Lock those servers that wait for a probe and that nobody else probes; their ids. No query for none."""
    waiting = half_open(addresses, now=now)
    if not waiting:
        return set()
    rows = Server.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=waiting).order_by("pk")
    return {row.pk for row in rows if not circuit_breaker.is_open(row, now=now)}


def room(server: Server | None, otherwise: int, *, probes: Collection[int], now: datetime) -> int:
    """Count the attempts that may begin at an address, of which there would be room for `otherwise`."""
    if server is None or not (circuit_breaker.is_open(server, now=now) or is_probed(server)):
        return otherwise
    return min(otherwise, 1) if server.pk in probes else 0


def is_probed(server: Server) -> bool:
    return circuit_breaker.has_opened(server, RULES)


def begin_probes(addresses: Iterable[Address], *, now: datetime) -> None:
    """Keep everybody else from these servers until their probe has ended, or takes long."""
    if probed := {one.server.pk for one in addresses if one.server is not None and is_probed(one.server)}:
        Server.objects.filter(pk__in=probed).update(open_until=now + PROBE)


def lock(reports: Collection[Report], *, now: datetime) -> dict[int, Server]:
    """Lock the servers of which these say something new. No query without servers, one where all is well."""
    if not reports:
        return {}
    known = Server.objects.in_bulk({report.server.pk for report in reports})
    news = {
        report.server.pk
        for report in reports
        if (server := known.get(report.server.pk)) is not None
        and (report.outcome.state != "sent" or circuit_breaker.is_worth_recording(server, now=now))
    }
    if not news:
        return {}
    return {row.pk: row for row in Server.objects.select_for_update(no_key=True).filter(pk__in=news).order_by("pk")}


def record(reports: Iterable[Report], *, servers: Mapping[int, Server], now: datetime) -> set[int]:
    """Count the reports on servers, which are locked; the keys of those that failed by one that is now open."""
    by_server = defaultdict(list)
    for report in reports:
        by_server[report.server.pk].append(report)
    charged: set[int] = set()
    for pk, server in servers.items():
        charged |= _record(server, by_server[pk], now=now)
    if servers:
        Server.objects.bulk_update(servers.values(), [*_BREAKER, *_SAID])
    return charged


def _record(server: Server, reports: Collection[Report], *, now: datetime) -> set[int]:
    if any(report.outcome.state == "sent" for report in reports):
        circuit_breaker.record_success(server, now=now)
        return set()
    probes = [report for report in reports if is_probed(report.server)]
    if probes:
        # Nothing waits for them any longer.
        server.open_until = now
    failed = [report for report in reports if _is_its_failure(report.outcome, server)]
    for outcome in (report.outcome for report in failed):
        circuit_breaker.record_failure(server, RULES if outcome.http_status is None else ANSWERS, now=now)
        server.reason, server.excerpt = outcome.reason if outcome.is_server else server.reason, outcome.excerpt
    if failed:
        return {report.key for report in failed} if circuit_breaker.is_open(server, now=now) else set()
    if any(report.outcome.http_status is not None for report in reports):
        # It works, whatever it said to this one.
        circuit_breaker.record_success(server, now=now)
        return set()
    server.open_until = now + RULES.shortest if probes else server.open_until
    return {report.key for report in probes if not report.outcome.whose.uses_try}


def _is_its_failure(outcome: Outcome, server: Server) -> bool:
    """Tell whether it failed, or a probe is answered with the step and code of the answer for which it is open."""
    is_same = outcome.http_status is not None and outcome.excerpt.split()[:2] == server.excerpt.split()[:2]
    return outcome.is_server or (is_probed(server) and is_same)


def failing() -> list[str]:
    failing = Server.objects.filter(failures__gte=RULES.opens_after).order_by("name")
    return list(failing.values_list("name", flat=True))


def end_what_waits_too_long(*, now: datetime) -> None:
    """End what has waited for a server as long as a failure of ours may last, some at a time. One query for none."""
    since = now - blame.OURS_ENDS_AFTER
    for server in Server.objects.filter(failing_since__lte=since, failures__gte=RULES.opens_after):
        old = Q(address__server=server, state=Delivery.State.PENDING)
        asked = Delivery.objects.filter(old).annotate(asked_at=Coalesce("resent_at", "created_at"))
        rows = dict(asked.filter(asked_at__lte=since).order_by().values_list("pk", "kind")[:MOST_ENDED])
        ended, tally = {"state": Delivery.State.DEAD, "reason": server.reason, "settled_at": now}, Tally()
        with transaction.atomic():
            count = Delivery.objects.filter(old, pk__in_set=rows).update(**ended)
            # One server carries for one channel.
            for kind in list(rows.values())[:1]:
                tally.add(families.DELIVERIES, kind, Delivery.State.DEAD, blame.Whose.OURS, count=count)
            tally.write()
