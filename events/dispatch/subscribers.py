"""Durable subscribers: named readers of the log, each with its own stored position."""

import inspect
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from events.models import Event, LogHead, Subscriber
from events.rules.patterns import matches
from events.transport import hints

logger = logging.getLogger(__name__)

CATCH_UP_TASK = "events.catch_up"

Handler = Callable[[list[Event]], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber as the code declares it; models.Subscriber is its state in the database."""

    name: str
    patterns: tuple[str, ...]
    handler: Handler
    is_transactional: bool
    start: int | None
    sets_pace: bool = False


_registry: dict[str, Subscription] = {}


def subscriber(
    name: str, *patterns: str, transactional: bool = False, start: int | None = None, sets_pace: bool = False
) -> Callable[[Handler], Handler]:
    """Call the function with batches of events in log order, at least once each.

    `transactional`: the handler runs in the transaction that moves the position: exactly once for what it does in
    the database. Otherwise it runs under a lease with no transaction open. `start`: the position of a new subscriber;
    None is the head of the log, 0 its beginning. `sets_pace` (a transactional one): numbering runs only a little ahead
    of it, so that a publisher of much delays what others publish by no more than a batch.
    """

    def register(handler: Handler) -> Handler:
        if inspect.iscoroutinefunction(handler):
            raise TypeError(f"subscriber {name!r} is async and nobody would await it; use a plain function")
        if name in _registry and _registry[name].handler is not handler:
            raise ValueError(f"a subscriber named {name!r} exists already; names are unique")
        if sets_pace and not transactional:
            raise ValueError(f"subscriber {name!r} can't set the pace of numbering: it isn't transactional")
        _registry[name] = Subscription(name, patterns or ("*",), handler, transactional, start, sets_pace)
        return handler

    return register


def registered(name: str) -> Subscription | None:
    return _registry.get(name)


def names() -> list[str]:
    return list(_registry)


def transactional() -> list[str]:
    """List the subscribers whose handlers work in the database alone: whoever numbers events lets them read."""
    return [name for name, subscription in _registry.items() if subscription.is_transactional]


def pace_setters() -> list[str]:
    return [name for name, subscription in _registry.items() if subscription.sets_pace]


def wake(types: Collection[str]) -> None:
    """Hint at news of these types to those who read under a lease and want them; the sweepers move the others on."""
    for name, subscription in _registry.items():
        if not subscription.is_transactional and any(matches(type_, subscription.patterns) for type_ in types):
            hints.send(CATCH_UP_TASK, name)


def enroll() -> None:
    """Give every subscriber of the code its row, at the head of the log unless it says where to start."""
    known = set(Subscriber.objects.values_list("name", flat=True))
    missing = [subscription for name, subscription in _registry.items() if name not in known]
    if missing:
        head = LogHead.objects.get(pk=1).position
        rows = [Subscriber(name=each.name, position=head if each.start is None else each.start) for each in missing]
        Subscriber.objects.bulk_create(rows, ignore_conflicts=True)


def lagging(*, now: datetime) -> list[str]:
    """Names of subscribers with something to read and nothing that keeps them from it. At most two queries, no lock."""
    head = LogHead.objects.get(pk=1).position
    waiting = Subscriber.objects.filter(position__lt=head, is_paused=False, name__in=list(_registry))
    return list(waiting.filter(Q(retry_at=None) | Q(retry_at__lte=now)).values_list("name", flat=True))
