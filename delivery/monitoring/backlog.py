"""Backlog of the log's readers and of the deliveries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from delivery.models import Delivery
from events.models import Event, LogHead, Subscriber
from notifications.routing import router


@dataclass(frozen=True, slots=True)
class Reader:
    """Durable subscriber: how many events it has not done, and how many it left aside."""

    name: str
    lag: int
    parked: int


@dataclass(frozen=True, slots=True)
class Backlog:
    head: int
    oldest_unnumbered_seconds: float
    # How long the delivery that has been due longest has been so; one that waits for its time is not late.
    oldest_undelivered_seconds: float
    subscribers: list[Reader]

    @property
    def router_lag(self) -> int:
        """Events that are not routed yet: all, before the first has been."""
        return next((reader.lag for reader in self.subscribers if reader.name == router.NAME), self.head)


def backlog(*, now: datetime) -> Backlog:
    """Read the backlog of this moment: four queries."""
    # The readers first: whoever reads the head before them could find one ahead of it.
    rows = list(
        Subscriber.objects.annotate(parked_events=Count("parked")).values_list("name", "position", "parked_events")
    )
    head = LogHead.objects.get(pk=1).position
    oldest = Event.objects.filter(position=None).aggregate(at=Min("created_at"))["at"]
    due = Delivery.objects.filter(state=Delivery.State.PENDING).aggregate(at=Min("due_at"))["at"]
    return Backlog(
        head=head,
        oldest_unnumbered_seconds=_age(oldest, now=now),
        oldest_undelivered_seconds=_age(due, now=now),
        subscribers=[Reader(name, head - position, parked) for name, position, parked in rows],
    )


def _age(at: datetime | None, *, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0) if at else 0.0
