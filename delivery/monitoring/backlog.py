"""Backlog of the log's readers and of the deliveries."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from delivery.address_health import servers
from delivery.models import Address, Delivery
from events.models import Event, LogHead, Subscriber
from notifications.routing import fanout, router

MOST_BREAKERS = 10_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Durable subscriber: how many events it has not done, has parked, and has set aside to try again."""

    name: str
    lag: int
    parked: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Backlog:
    head: int
    unnumbered: int
    oldest_unnumbered_seconds: float
    # How long the delivery that has been due longest has been so; one whose time or address waits is not late.
    oldest_undelivered_seconds: float
    subscribers: list[Reader]
    # Servers of ours over which nothing gets further at present.
    failing_servers: list[str]

    @property
    def set_aside(self) -> int:
        return sum(reader.set_aside for reader in self.subscribers)

    @property
    def router_lag(self) -> int:
        """Events that are not routed yet: all, before the first has been."""
        lag = next((reader.lag for reader in self.subscribers if reader.name == router.NAME), self.head)
        return lag + self.unnumbered


def backlog(*, now: datetime) -> Backlog:
    """Read the backlog of this moment: six queries."""
    # The readers first: whoever reads the head before them could find one ahead of it.
    waiting = Count("parked", filter=Q(parked__retry_at__isnull=False))
    rows = list(
        Subscriber.objects.annotate(waiting=waiting, parked_events=Count("parked") - waiting).values_list(
            "name", "position", "parked_events", "waiting"
        )
    )
    audiences = fanout.count_set_aside()
    head = LogHead.objects.get(pk=1).position
    unnumbered = Event.objects.filter(position=None).aggregate(count=Count("pk"), at=Min("created_at"))
    return Backlog(
        head=head,
        unnumbered=unnumbered["count"],
        oldest_unnumbered_seconds=_age(unnumbered["at"], now=now),
        oldest_undelivered_seconds=_age(Delivery.objects.due_since(now), now=now),
        failing_servers=servers.failing(),
        subscribers=[
            Reader(name, head - position, parked, waiting + (audiences if name == router.NAME else 0))
            for name, position, parked, waiting in rows
        ],
    )


def breakers_open(*, now: datetime) -> Mapping[str, int]:
    """Count the addresses that are left alone because they fail, by channel, MOST_BREAKERS at most. One query."""
    left_alone = Address.objects.filter(open_until__gt=now, failures__gt=0)
    return Counter(left_alone.values_list("kind", flat=True)[:MOST_BREAKERS])


def _age(at: datetime | None, *, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0) if at else 0.0
