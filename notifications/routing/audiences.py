"""People whom events concern: the audience rules of their types, resolved for a whole batch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from events import accounts
from events.accounts import User
from events.db.aggregates import Numbers
from events.memberships import admins
from events.models import Event, Membership
from notifications.routing.plan import Source

# An audience of more people than this is notified chunk by chunk (notifications.routing.fanout).
LARGE = 10_000


class Range(NamedTuple):
    """The people whose user ids lie above `after` and up to `last`."""

    after: int
    last: int


@dataclass(slots=True)
class Audiences:
    """People of each event of a batch.

    `by_event`: event -> person -> reason. `owners`: who owns which source of the batch. `addressed_as_admin`:
    (event, person), also where another reason comes first. `large`: events left out for the size of their audience.
    `skipped`: how many people are unknown, deleted or inactive.
    """

    by_event: dict[int, dict[int, str]]
    owners: set[tuple[Source, int]]
    addressed_as_admin: set[tuple[int, int]]
    large: frozenset[int] = frozenset()
    skipped: int = 0


@dataclass(slots=True)
class Ties:
    by_role: dict[tuple[str, Source], list[int]] = field(default_factory=dict)
    admins: Sequence[int] = ()
    everyone: Sequence[int] = ()

    def of(self, role: str, event: Event) -> Sequence[int]:
        source = event.source
        return self.by_role.get((role, (source.type, source.id)), ()) if source else ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One way into an audience. Several rules of a name give several reasons."""

    name: str
    reason: str
    people: Callable[[Event, Ties], Sequence[int]]


def _actor(event: Event, _ties: Ties) -> Sequence[int]:
    return [event.actor_user_id] if event.actor_user_id is not None else []


def _actor_of_unowned(event: Event, ties: Ties) -> Sequence[int]:
    return [] if ties.of("owner", event) else _actor(event, ties)


def _mentioned(event: Event, _ties: Ties) -> Sequence[int]:
    """A stored list may be anything: SQL can insert what publishing refuses. JSON's 1.0 is the whole number 1."""
    value: Any = event.payload.get("mentioned_user_ids")
    if not isinstance(value, list):
        return []
    numbers = [number for number in value if isinstance(number, int | float) and not isinstance(number, bool)]
    largest = accounts.largest_id()
    return [int(number) for number in numbers if 0 < number <= largest and number == int(number)]


# Of several reasons for a person the first counts.
RULES = (
    Rule("mentioned", "mentioned", _mentioned),
    Rule("owner", "owner", lambda event, ties: ties.of("owner", event)),
    Rule("owner_or_actor", "owner", lambda event, ties: ties.of("owner", event)),
    Rule("actor", "actor", _actor),
    Rule("owner_or_actor", "actor", _actor_of_unowned),
    Rule("members", "member", lambda event, ties: ties.of("member", event)),
    Rule("watchers", "watcher", lambda event, ties: ties.of("watcher", event)),
    Rule("admins", "admin", lambda _event, ties: ties.admins),
    Rule("everyone", "everyone", lambda _event, ties: ties.everyone),
)
REASONS = tuple(dict.fromkeys(rule.reason for rule in RULES))
# Rules that may find any number of people through their ties to the source.
_TIED = {"owner", "owner_or_actor", "members", "watchers"}
# Reasons of people who were found among the active.
_ACTIVE = ("admin", "everyone")


def resolve(events: Sequence[Event], *, within: Range | None = None) -> Audiences:
    """Find the people of these events, which come with their types.

    `within`: only people in this range of user ids, however large the audience. At most six queries, however many
    people: how many are everyone and how many are tied, then everyone, ties, admins, and who of the others is active.
    """
    large = split_large(events) if within is None else frozenset()
    small = [event for event in events if event.pk not in large]
    ties = load_ties(small, within=within)
    by_event = {event.pk: _reasons(event, ties, within=within) for event in small}
    named = {user for people in by_event.values() for user, reason in people.items() if reason not in _ACTIVE}
    if skipped := named - _active(named) if named else set():
        by_event = {
            pk: {user: reason for user, reason in people.items() if user not in skipped}
            for pk, people in by_event.items()
        }
    owners = {(source, user) for (role, source), users in ties.by_role.items() if role == "owner" for user in users}
    addressed = {(event.pk, user) for event in small if "admins" in event.event_type.rules for user in ties.admins}
    return Audiences(by_event, owners, addressed, large, skipped=len(skipped))


def split_large(events: Sequence[Event]) -> frozenset[int]:
    """Ids of the events for everyone, where everyone is many, and of those whose source has that many ties."""
    broadcasts = {event.pk for event in events if "everyone" in event.event_type.rules}
    if broadcasts and accounts.active()[: LARGE + 1].count() <= LARGE:
        broadcasts = set()
    tied = {
        event.pk: (event.source.type, event.source.id)
        for event in events
        if event.source and not _TIED.isdisjoint(event.event_type.rules)
    }
    popular = set[Source]()
    if tied:
        ties = _tied(tied.values()).values("entity_type", "entity_id").annotate(count=Count("*"))
        popular.update(ties.filter(count__gt=LARGE).values_list("entity_type", "entity_id"))
    return frozenset(broadcasts | {pk for pk, source in tied.items() if source in popular})


def load_ties(events: Sequence[Event], *, within: Range | None) -> Ties:
    """Load whom the rules of these events may find: three queries at most."""
    rules = {name for event in events for name in event.event_type.rules}
    sources = {(event.source.type, event.source.id) for event in events if event.source}
    # Whether there is an owner, wherever, decides if the actor is notified.
    by_role = _tied_to(sources, within=within, with_all_owners="owner_or_actor" in rules) if sources else {}
    return Ties(
        by_role=by_role,
        admins=admins() if "admins" in rules else (),
        everyone=_everyone(within) if "everyone" in rules else (),
    )


def _reasons(event: Event, ties: Ties, *, within: Range | None) -> dict[int, str]:
    """person -> the reason that counts."""
    names, people = set(event.event_type.rules), dict[int, str]()
    for rule in reversed(RULES):
        if rule.name in names:
            people |= dict.fromkeys(rule.people(event, ties), rule.reason)
    if event.event_type.exclude_actor and event.actor_user_id is not None:
        people.pop(event.actor_user_id, None)
    if within is not None:
        people = {user: reason for user, reason in people.items() if within.after < user <= within.last}
    return people


def _tied_to(
    sources: set[Source], *, within: Range | None, with_all_owners: bool
) -> dict[tuple[str, Source], list[int]]:
    """(role, source) -> the people in the range; with all owners on request."""
    ties = _tied(sources)
    if within is not None:
        is_near = Q(user_id__gt=within.after, user_id__lte=within.last)
        ties = ties.filter(is_near | Q(role="owner") if with_all_owners else is_near)
    groups = ties.values("role", "entity_type", "entity_id").annotate(users=Numbers("user_id"))
    found = [(group["role"], (group["entity_type"], group["entity_id"]), group["users"]) for group in groups]
    return {(role, source): users for role, source, users in found if source in sources}


def _tied(sources: Iterable[Source]) -> QuerySet[Membership]:
    """Memberships narrowed down to these; pairs that nobody asked for are left to the caller."""
    types, ids = zip(*sources, strict=True)
    return Membership.objects.filter(entity_type__in_set=set(types), entity_id__in_set=set(ids)).order_by()


def _everyone(within: Range | None) -> list[int]:
    everyone = accounts.active()
    if within is not None:
        everyone = everyone.filter(pk__gt=within.after, pk__lte=within.last)
    return _ids(everyone)


def _active(users: Iterable[int]) -> set[int]:
    return set(_ids(accounts.active().filter(pk__in_set=users)))


def _ids(users: QuerySet[User]) -> list[int]:
    ids: list[int] = users.aggregate(ids=Numbers("pk"))["ids"]
    return ids
