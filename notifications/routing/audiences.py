"""Who an event concerns: the audience rules of its type, evaluated for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import connection

from events.db import arrays
from events.models import Event
from notifications.routing.plan import Source

# Of several reasons the first counts.
REASONS = ("mentioned", "owner", "actor", "member", "watcher", "admin", "everyone")
_RANK = {reason: rank for rank, reason in enumerate(REASONS)}

Audience = dict[int, dict[int, str]]


# An audience of more people than this is told chunk by chunk (notifications.routing.fanout).
GREAT = 10_000


class Range(NamedTuple):
    """The people whose user ids lie above `after` and up to `last`."""

    after: int
    last: int


@dataclass(slots=True)
class Evaluated:
    """`by_event`: event -> person -> reason. `owners`: who owns which source of the batch. `addressed_as_admin`:
    (event, person), also where another reason comes first. `great`: events left out for the size of their audience."""

    by_event: Audience
    owners: set[tuple[Source, int]]
    addressed_as_admin: set[tuple[int, int]]
    great: frozenset[int] = frozenset()
    skipped: int = 0


@dataclass(slots=True)
class _Ties:
    """role -> source -> people."""

    people: dict[str, dict[Source, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def of(self, role: str, event: Event) -> list[int]:
        source = event.source
        return self.people[role].get((source.type, source.id), []) if source else []


def evaluate(events: Sequence[Event], *, within: Range | None = None) -> Evaluated:
    """Needs events with their types. At most six queries, however many people: everyone, ties, two more where many are
    tied, admins, and who of the named is active. Unknown, deleted and inactive people are skipped
    and counted. `within`: only people in this range of user ids, however great the audience."""
    rules = {event.pk: event.event_type.rules for event in events}
    everyone = _everyone(within) if any("everyone" in each for each in rules.values()) else []
    ties = _load_ties(events, within=within, most=GREAT if within is None else None)
    are_many = len(everyone) > GREAT, ties is None
    great = _great(events, rules, are_many=are_many) if within is None and any(are_many) else frozenset()
    small = [event for event in events if event.pk not in great]
    if ties is None:
        ties = _load_ties(small, within=within, most=None) or _Ties()
    used = {rule for event in small for rule in rules[event.pk]}
    admins = _admins() if "admins" in used else []
    found = {
        event.pk: _first_reasons(event, rules[event.pk], ties=ties, admins=admins, everyone=everyone) for event in small
    }
    if within is not None:
        found = {pk: {user: why for user, why in people.items() if _lies(user, within)} for pk, people in found.items()}
    named = {user_id for people in found.values() for user_id, reason in people.items() if reason not in _ACTIVE}
    active = _active(named) if named else set()
    is_left_out = len(active) < len(named)
    by_event = {
        pk: {user: reason for user, reason in people.items() if reason in _ACTIVE or user in active}
        if is_left_out
        else people
        for pk, people in found.items()
    }
    owners = {(source, user) for source, users in ties.people["owner"].items() for user in users}
    addressed = {(event.pk, user) for event in small if "admins" in rules[event.pk] for user in admins}
    return Evaluated(by_event, owners, addressed, great, skipped=len(named - active))


def _lies(user_id: int, within: Range) -> bool:
    return within.after < user_id <= within.last


def _great(
    events: Sequence[Event], rules: Mapping[int, Sequence[str]], *, are_many: tuple[bool, bool]
) -> frozenset[int]:
    """Events for everyone, where everyone is many, and events about a source with that many ties."""
    is_everyone_many, are_ties_many = are_many
    broadcast = {event.pk for event in events if is_everyone_many and "everyone" in rules[event.pk]}
    tied = {
        event.pk: (event.source.type, event.source.id)
        for event in events
        if are_ties_many and event.source and _TIED & set(rules[event.pk])
    }
    popular = _popular(set(tied.values())) if tied else set()
    return frozenset(broadcast | {pk for pk, source in tied.items() if source in popular})


def _popular(sources: Iterable[Source]) -> set[Source]:
    """Those to which more than GREAT people are tied."""
    is_source, params = _is_source(sources)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entity_type, entity_id FROM memberships WHERE {is_source} "
            "GROUP BY entity_type, entity_id HAVING count(*) > %s",
            [*params, GREAT],
        )
        return set(cursor.fetchall())


# Those whom a query found active already.
_ACTIVE = ("admin", "everyone")
# Rules that may find any number of people through their ties to the source.
_TIED = {"owner", "owner_or_actor", "members", "watchers"}


def _first_reasons(
    event: Event, rules: Iterable[str], *, ties: _Ties, admins: list[int], everyone: list[int]
) -> dict[int, str]:
    people: dict[int, str] = {}
    for rule in rules:
        for reason, users in _RULES[rule](event, ties, admins, everyone):
            if not people:
                people = dict.fromkeys(users, reason)
                continue
            for user_id in users:
                if user_id not in people or _RANK[reason] < _RANK[people[user_id]]:
                    people[user_id] = reason
    if event.event_type.exclude_actor and event.actor_user_id is not None:
        people.pop(event.actor_user_id, None)
    return people


_Found = list[tuple[str, Sequence[int]]]


def _actor(event: Event, _ties: _Ties, _admins: list[int], _everyone: list[int]) -> _Found:
    return [("actor", [event.actor_user_id] if event.actor_user_id is not None else [])]


def _owner_or_actor(event: Event, ties: _Ties, admins: list[int], everyone: list[int]) -> _Found:
    owners = ties.of("owner", event)
    return [("owner", owners)] if owners else _actor(event, ties, admins, everyone)


def _mentioned(event: Event, _ties: _Ties, _admins: list[int], _everyone: list[int]) -> _Found:
    return [("mentioned", _whole_numbers(event.payload.get("mentioned_user_ids")))]


_RULES: dict[str, Callable[[Event, _Ties, list[int], list[int]], _Found]] = {
    "actor": _actor,
    "owner": lambda event, ties, _a, _e: [("owner", ties.of("owner", event))],
    "owner_or_actor": _owner_or_actor,
    "members": lambda event, ties, _a, _e: [("member", ties.of("member", event))],
    "watchers": lambda event, ties, _a, _e: [("watcher", ties.of("watcher", event))],
    "mentioned": _mentioned,
    "admins": lambda _event, _ties, admins, _e: [("admin", admins)],
    "everyone": lambda _event, _ties, _a, everyone: [("everyone", everyone)],
}


def _whole_numbers(value: Any) -> list[int]:
    """A stored list may be anything: SQL can insert what publishing refuses. JSON's 1.0 is the whole number 1."""
    if not isinstance(value, list):
        return []
    numbers = [number for number in value if isinstance(number, int | float) and not isinstance(number, bool)]
    return [int(number) for number in numbers if 0 < number < 2**31 and number == int(number)]


def _load_ties(events: Sequence[Event], *, within: Range | None, most: int | None) -> _Ties | None:
    """None if there are more than `most`: then an audience may be great."""
    ties = _Ties()
    sources = {(event.source.type, event.source.id) for event in events if event.source}
    if not sources:
        return ties
    is_source, params = _is_source(sources)
    near, bounds = ("", []) if within is None else ("AND (user_id > %s AND user_id <= %s)", list(within))
    # Whether there is an owner, wherever, decides if the actor is told. All ties are read for it, so only then.
    if near and any("owner_or_actor" in event.event_type.rules for event in events):
        near = f"AND (role = 'owner' OR {near.removeprefix('AND ')})"
    some = "" if most is None else f"LIMIT {most + 1}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entity_type, entity_id, role, {arrays.joined('user_id')} FROM ("
            f"SELECT entity_type, entity_id, role, user_id FROM memberships WHERE {is_source} {near} {some}) AS ties "
            "GROUP BY entity_type, entity_id, role",
            [*params, *bounds],
        )
        rows = [(kind, number, role, arrays.numbers(users)) for kind, number, role, users in cursor.fetchall()]
    if most is not None and sum(len(users) for *_, users in rows) > most:
        return None
    for kind, number, role, users in rows:
        if (kind, number) in sources:
            ties.people[role][kind, number] = users
    return ties


def _is_source(sources: Iterable[Source]) -> tuple[str, list[Any]]:
    """The types are few, the ids narrow it down; pairs that nobody asked for are left out by the caller."""
    kinds, numbers = zip(*sources, strict=True)
    is_kind, kind = arrays.within("entity_type", sorted(set(kinds)), kind="text")
    is_number, number = arrays.within("entity_id", sorted(set(numbers)))
    return f"{is_kind} AND {is_number}", [*kind, *number]


def _admins() -> list[int]:
    """Active superusers, and staff with `carillon_events.receive_system`."""
    allowed = User.objects.with_perm(
        "carillon_events.receive_system", backend="django.contrib.auth.backends.ModelBackend"
    )
    return [user.pk for user in allowed if user.is_superuser or user.is_staff]


def _everyone(within: Range | None) -> list[int]:
    """Without a range no more than it takes to see that they are many."""
    everyone = User.objects.filter(is_active=True)
    if within is None:
        return arrays.read(everyone, column="pk", most=GREAT + 1)
    return arrays.read(everyone.filter(pk__gt=within.after, pk__lte=within.last), column="pk")


def _active(users: Iterable[int]) -> set[int]:
    is_named, named = arrays.within("id", users)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {arrays.joined('id')} FROM auth_user WHERE is_active AND {is_named}", named)
        return set(arrays.numbers(cursor.fetchone()[0]))
