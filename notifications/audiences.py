"""Who an event concerns: the audience rules of its type, evaluated for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from events.models import Event, Membership
from notifications.plan import Source

# Of several reasons the first counts.
REASONS = ("mentioned", "owner", "actor", "member", "watcher", "admin", "everyone")
_RANK = {reason: rank for rank, reason in enumerate(REASONS)}

Audience = dict[int, dict[int, str]]


@dataclass(slots=True)
class Evaluated:
    """`by_event`: event -> person -> reason. `owners`: who owns which source of the batch. `addressed_as_admin`:
    (event, person), also where another reason comes first."""

    by_event: Audience
    owners: set[tuple[Source, int]]
    addressed_as_admin: set[tuple[int, int]]
    skipped: int = 0


@dataclass(slots=True)
class _Ties:
    """role -> source -> people."""

    people: dict[str, dict[Source, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def of(self, role: str, event: Event) -> list[int]:
        source = event.source
        return self.people[role].get((source.type, source.id), []) if source else []


def evaluate(events: Sequence[Event]) -> Evaluated:
    """Needs events with their types. At most four queries, however many people: ties, admins, everyone, and who of
    the named is active. Unknown, deleted and inactive people are skipped and counted."""
    rules = {event.pk: event.event_type.rules for event in events}
    ties = _load_ties(events)
    used = {rule for names in rules.values() for rule in names}
    admins = _admins() if "admins" in used else []
    everyone = _everyone() if "everyone" in used else []
    found = {
        event.pk: _first_reasons(event, rules[event.pk], ties=ties, admins=admins, everyone=everyone)
        for event in events
    }
    named = {user_id for people in found.values() for user_id, reason in people.items() if reason not in _ACTIVE}
    active = set(User.objects.filter(pk__in_set=named, is_active=True).values_list("pk", flat=True)) if named else set()
    by_event = {
        pk: {user: reason for user, reason in people.items() if reason in _ACTIVE or user in active}
        for pk, people in found.items()
    }
    owners = {(source, user) for source, users in ties.people["owner"].items() for user in users}
    addressed = {(event.pk, user) for event in events if "admins" in rules[event.pk] for user in admins}
    return Evaluated(by_event, owners, addressed, skipped=len(named - active))


# Those whom a query found active already.
_ACTIVE = ("admin", "everyone")


def _first_reasons(
    event: Event, rules: Iterable[str], *, ties: _Ties, admins: list[int], everyone: list[int]
) -> dict[int, str]:
    people: dict[int, str] = {}
    for rule in rules:
        for reason, users in _RULES[rule](event, ties, admins, everyone):
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


def _load_ties(events: Sequence[Event]) -> _Ties:
    ties = _Ties()
    sources = {(event.source.type, event.source.id) for event in events if event.source}
    if not sources:
        return ties
    # The types are few, the ids narrow it down; pairs that nobody asked for are left out below.
    found = Membership.objects.filter(
        entity_type__in_set={kind for kind, _ in sources}, entity_id__in_set={number for _, number in sources}
    )
    for kind, number, user_id, role in found.values_list("entity_type", "entity_id", "user_id", "role"):
        if (kind, number) in sources:
            ties.people[role][kind, number].append(user_id)
    return ties


def _admins() -> list[int]:
    """Active superusers, and staff with `events.receive_system`."""
    allowed = User.objects.with_perm("events.receive_system", backend="django.contrib.auth.backends.ModelBackend")
    return [user.pk for user in allowed if user.is_superuser or user.is_staff]


def _everyone() -> list[int]:
    return list(User.objects.filter(is_active=True).values_list("pk", flat=True))
