"""People of rules that have a name: Django groups, and code of the project around.

Code runs in a savepoint, and has two seconds. Where it fails, or takes longer, the others are told of the event, which
is set aside like what the router fails on, and tried again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet

from events import accounts
from events.accounts import User
from events.db.aggregates import Numbers
from events.db.errors import HostCodeError, is_passing
from events.db.session import limited
from events.dispatch import retry
from events.models import Event, ParkedEvent, Subscriber
from events.rules import code_audiences
from events.rules.audience import GROUP

# The router: what is set aside here it is given once more.
SUBSCRIBER = "notifications"
# What code may take for one event.
SECONDS = 2.0
_Result = TypeVar("_Result")


class AudienceError(HostCodeError):
    """An audience by code failed or took too long, for one event."""


class Range(NamedTuple):
    """The people whose user ids lie above `after` and up to `last`."""

    after: int
    last: int

    def of(self, people: QuerySet[User]) -> QuerySet[User]:
        return people.filter(pk__gt=self.after, pk__lte=self.last)


@dataclass(slots=True)
class Named:
    """People by rule of a group, and by (rule, event) of code. `large`: events with many. `failed`: event -> error."""

    by_group: dict[str, list[int]] = field(default_factory=dict)
    by_code: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    large: set[int] = field(default_factory=set)
    failed: dict[int, AudienceError] = field(default_factory=dict)

    def of(self, rule: str, event: Event) -> Sequence[int]:
        return self.by_group.get(rule, self.by_code.get((rule, event.pk), []))


def load(events: Sequence[Event], *, most: int, within: Range | None) -> Named:
    """Find active people: two queries for all groups, and one for each event and its code, however many people.

    An event with more people than `most` by one rule is large. `within`: only people in this range of user ids, and
    then none is.
    """
    named = Named()
    if groups := {rule for event in events for rule in event.event_type.rules if rule.startswith(GROUP)}:
        _load_groups(groups, events, named=named, most=most, within=within)
    late = set[str]()
    for event in events:
        for rule in code_rules(event):
            try:
                found = _people(rule, event, most=most, within=within, late=late)
            except AudienceError as error:
                if named.failed.setdefault(event.pk, error) is not error:
                    named.failed[event.pk].add_note(str(error))
            else:
                named.by_code[rule, event.pk] = found
                if within is None and len(found) > most:
                    named.large.add(event.pk)
    return named


def code_rules(event: Event) -> list[str]:
    return [rule for rule in event.event_type.rules if rule in code_audiences.registered]


def members(group_rule: str) -> QuerySet[User]:
    return accounts.active().filter(groups__name=group_rule.removeprefix(GROUP))


def ask(rule: str, event: Event, read: Callable[[QuerySet[User]], _Result]) -> _Result:
    """Read what a code audience finds for an event, of active people. Raises AudienceError, and as they are errors that
    say nothing against it."""
    try:
        with limited(seconds=SECONDS):
            found = code_audiences.registered[rule].find(event)
            if not (isinstance(found, QuerySet) and issubclass(found.model, get_user_model())):
                raise TypeError(f"it must return a queryset of users, not {type(found).__name__}")
            return read(accounts.active().filter(pk__in=found.values("pk")))
    except Exception as error:
        if is_passing(error):
            raise
        raise AudienceError(f"audience {rule} failed ({type(error).__name__}: {error})") from error


def leave_aside(
    events: Sequence[Event], failed: Mapping[int, AudienceError], *, now: datetime
) -> Iterator[AudienceError]:
    """Set aside those of the events that failed, in the caller's transaction; errors of those that were so already."""
    reader = Subscriber.objects.get(name=SUBSCRIBER)
    waiting = ParkedEvent.objects.filter(subscriber=reader, event_id__in=list(failed))
    known = set(waiting.values_list("event_id", flat=True))
    for event in events:
        if event.pk in known:
            yield failed[event.pk]
        elif event.pk in failed:
            retry.leave_aside(reader, event, failed[event.pk], now=now)


def _load_groups(groups: set[str], events: Sequence[Event], *, named: Named, most: int, within: Range | None) -> None:
    names = {rule.removeprefix(GROUP) for rule in groups}
    people = accounts.active().filter(groups__name__in_set=names).order_by()
    if within is None:
        counted = people.values_list("groups__name").annotate(count=Count("pk")).filter(count__gt=most)
        if large := {GROUP + name for name, _count in counted}:
            named.large |= {event.pk for event in events if not large.isdisjoint(event.event_type.rules)}
            names -= {rule.removeprefix(GROUP) for rule in large}
            people = accounts.active().filter(groups__name__in_set=names).order_by()
    else:
        people = within.of(people)
    found = people.values_list("groups__name").annotate(users=Numbers("pk"))
    named.by_group = {GROUP + name: users for name, users in found}


def _people(rule: str, event: Event, *, most: int, within: Range | None, late: set[str]) -> list[int]:
    """Ids; of a large audience one more than are not. A rule that was late once isn't waited for again."""
    if rule in late:
        raise AudienceError(f"audience {rule} took too long for another event; event {event.pk} waits for its own turn")

    def read(people: QuerySet[User]) -> list[int]:
        some = people[: most + 1] if within is None else within.of(people)
        # None where the queryset says by itself that nobody is in it.
        ids: list[int] | None = some.aggregate(ids=Numbers("pk"))["ids"]
        return ids or []

    began = time.monotonic()
    try:
        return ask(rule, event, read)
    except AudienceError:
        if time.monotonic() - began > SECONDS / 2:
            late.add(rule)
        raise
