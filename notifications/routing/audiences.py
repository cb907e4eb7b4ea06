"""People whom events concern: the audience rules of their types, resolved for a whole batch."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from events import accounts
from events.accounts import User
from events.db.aggregates import Numbers
from events.entities import stored_id
from events.memberships import admins, narrowed_to
from events.models import Event, Membership
from events.rules import audience
from notifications.routing import named_audiences
from notifications.routing.facts import Source
from notifications.routing.named_audiences import AudienceError, Named, Range

# Rule of every type: the people whom the publisher names.
ADDRESSED = "addressed"
# An audience of more people than this is notified chunk by chunk (notifications.routing.fanout).
LARGE = 10_000
_COLUMNS = ("entity_type", "entity_id", "entity_key")


@dataclass(slots=True)
class Audiences:
    """People of each event of a batch.

    `by_event`: event -> person -> reason. `owners`: who owns which source of the batch. `addressed_as_admin`:
    (event, person), also where another reason comes first. `large`: events left out for the size of their audience.
    `skipped`: how many people are unknown, deleted or inactive. `failed`: events with people who could not be found.
    """

    by_event: dict[int, dict[int, str]]
    owners: set[tuple[Source, int]]
    addressed_as_admin: set[tuple[int, int]]
    large: frozenset[int] = frozenset()
    skipped: int = 0
    failed: dict[int, AudienceError] = field(default_factory=dict)

    @property
    def people(self) -> set[int]:
        return set().union(*self.by_event.values())


@dataclass(slots=True)
class Ties:
    by_role: dict[tuple[str, Source], list[int]] = field(default_factory=dict)
    admins: Sequence[int] = ()
    everyone: Sequence[int] = ()
    named: Named = field(default_factory=Named)

    def of(self, role: str, event: Event) -> Sequence[int]:
        source = event.source
        return self.by_role.get((role, (source.type, source.id)), ()) if source else ()

    def in_project(self, event: Event) -> Sequence[int]:
        project = _project(event)
        ties = [self.by_role.get((role, project), ()) for role in _ROLES] if project else []
        return [user for users in ties for user in users]


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


def _listed(value: Any) -> Sequence[int]:
    """A stored list may be anything: SQL can insert what publishing refuses. JSON's 1.0 is the whole number 1."""
    if not isinstance(value, list):
        return []
    numbers = [number for number in value if isinstance(number, int | float) and not isinstance(number, bool)]
    largest = accounts.largest_id()
    return [int(number) for number in numbers if 0 < number <= largest and number == int(number)]


# Of several reasons for a person the first counts.
RULES = (
    Rule("mentioned", "mentioned", lambda event, _ties: _listed(event.payload.get("mentioned_user_ids"))),
    Rule(ADDRESSED, ADDRESSED, lambda event, _ties: _listed(event.recipients)),
    Rule("owner", "owner", lambda event, ties: ties.of("owner", event)),
    Rule("owner_or_actor", "owner", lambda event, ties: ties.of("owner", event)),
    Rule("actor", "actor", _actor),
    Rule("owner_or_actor", "actor", _actor_of_unowned),
    Rule("members", "member", lambda event, ties: ties.of("member", event)),
    Rule("watchers", "watcher", lambda event, ties: ties.of("watcher", event)),
    Rule("project", "project", lambda event, ties: ties.in_project(event)),
    Rule("admins", "admin", lambda _event, ties: ties.admins),
    Rule("everyone", "everyone", lambda _event, ties: ties.everyone),
)
# Those with a name come before these.
_LAST = ("admins", "everyone")
REASONS = tuple(dict.fromkeys(rule.reason for rule in RULES))
# Rules that may find any number of people through their ties to the source, in such a role.
_TIED = {"owner": "owner", "owner_or_actor": "owner", "members": "member", "watchers": "watcher"}
_ROLES = ("owner", "member", "watcher")
# Reasons of people who were found among the active, beside those with a name.
_ACTIVE = ("admin", "everyone")


def resolve(events: Sequence[Event], *, within: Range | None = None) -> Audiences:
    """Find the people of these events, which come with their types.

    `within`: only people in this range of user ids, however large the audience. At most six queries, however many
    people: how many are everyone and how many are tied, then everyone, ties, admins, and who of the others is active;
    and those of `named_audiences.load`.
    """
    named_rules = {rule for event in events for rule in event.event_type.rules if audience.is_named(rule)}
    found = named_audiences.load(events, most=LARGE, within=within) if named_rules else Named()
    large = split_large(events) | found.large if within is None else frozenset()
    small = [event for event in events if event.pk not in large]
    ties = replace(load_ties(small, within=within), named=found)
    by_event = {event.pk: _reasons(event, ties, within=within) for event in small}
    active = named_rules.union(_ACTIVE)
    named = {user for people in by_event.values() for user, reason in people.items() if reason not in active}
    if skipped := named - _active(named) if named else set():
        by_event = {
            pk: {user: reason for user, reason in people.items() if user not in skipped}
            for pk, people in by_event.items()
        }
    owners = {(source, user) for (role, source), users in ties.by_role.items() if role == "owner" for user in users}
    addressed = {(event.pk, user) for event in small if "admins" in event.event_type.rules for user in ties.admins}
    return Audiences(by_event, owners, addressed, large, skipped=len(skipped), failed=found.failed)


def split_large(events: Sequence[Event]) -> frozenset[int]:
    """Ids of the events for everyone, where everyone is many, and of those tied to that many people."""
    broadcasts = {event.pk for event in events if "everyone" in event.event_type.rules}
    if broadcasts and accounts.active()[: LARGE + 1].count() <= LARGE:
        broadcasts = set()
    tied = {event.pk: entities for event in events if (entities := _tied_entities(event))}
    popular = set[Source]()
    if tied:
        ties = (
            narrowed_to(set().union(*tied.values()))
            .values_list(*_COLUMNS)
            .annotate(count=Count("*"))
            .filter(count__gt=LARGE)
        )
        popular.update((kind, stored_id(*halves)) for kind, *halves, _count in ties)
    return frozenset(broadcasts | {pk for pk, entities in tied.items() if not popular.isdisjoint(entities)})


def _tied_entities(event: Event) -> set[Source]:
    """Entities through ties to which the rules may find any number of people."""
    rules, project = event.event_type.rules, _project(event)
    entities = {(event.source.type, event.source.id)} if event.source and not _TIED.keys().isdisjoint(rules) else set()
    return entities | ({project} if project and "project" in rules else set())


def _project(event: Event) -> Source | None:
    return ("project", event.project_id) if event.project_id is not None else None


def crowds(event: Event) -> list[QuerySet[Any]]:
    """People by each rule that may find any number of them, but for code; their ids as `person`. One rule is enough
    where it finds all."""
    rules = event.event_type.rules
    if "everyone" in rules:
        return [accounts.active().annotate(person=F("pk"))]
    ties = [narrowed_to([entity]).annotate(person=F("user_id")) for entity in sorted(_tied_entities(event))]
    groups = [named_audiences.members(rule) for rule in rules if rule.startswith(audience.GROUP)]
    return [*ties, *(people.annotate(person=F("pk")) for people in groups)]


def count(event: Event) -> int:
    """Count a large audience by the rules that make it large; of the few others who may be in it, nobody, nor of code
    that fails. One query, and what its code asks itself."""
    rules = set(event.event_type.rules)
    if "everyone" in rules:
        return accounts.active().count()
    is_in = Q()
    roles = _ROLES if "project" in rules else {role for rule, role in _TIED.items() if rule in rules}
    for people in crowds(event):
        some = people.filter(role__in=roles) if people.model is Membership else people
        is_in |= Q(pk__in=some.values("person"))
    for rule in named_audiences.code_rules(event):
        with suppress(AudienceError):
            is_in |= Q(pk__in=named_audiences.ask(rule, event, lambda people: people.values("pk")))
    return accounts.active().filter(is_in).count()


def load_ties(events: Sequence[Event], *, within: Range | None) -> Ties:
    """Load whom the rules of these events may find: three queries at most."""
    rules = {name for event in events for name in event.event_type.rules}
    sources = {(event.source.type, event.source.id) for event in events if event.source}
    sources |= {project for event in events if "project" in event.event_type.rules and (project := _project(event))}
    # Whether there is an owner, wherever, decides if the actor is notified.
    by_role = _tied_to(sources, within=within, with_all_owners="owner_or_actor" in rules) if sources else {}
    for event in events:
        if event.position is None:
            _own(event, by_role)
    return Ties(
        by_role=by_role,
        admins=admins() if "admins" in rules else (),
        everyone=_everyone(within) if "everyone" in rules else (),
    )


def _reasons(event: Event, ties: Ties, *, within: Range | None) -> dict[int, str]:
    """person -> the reason that counts."""
    people = dict[int, str]()
    for rule in reversed(_rules_of(event)):
        people |= dict.fromkeys(rule.people(event, ties), rule.reason)
    if event.event_type.exclude_actor and event.actor_user_id is not None:
        people.pop(event.actor_user_id, None)
    if within is not None:
        people = {user: reason for user, reason in people.items() if within.after < user <= within.last}
    return people


def _rules_of(event: Event) -> list[Rule]:
    own = event.event_type.rules
    static = [rule for rule in RULES if rule.name in own or rule.name == ADDRESSED]
    if named := [_named(name) for name in own if audience.is_named(name)]:
        last = next((place for place, rule in enumerate(static) if rule.name in _LAST), len(static))
        return [*static[:last], *named, *static[last:]]
    return static


@cache
def _named(name: str) -> Rule:
    """Rule of a group or of code, which is the reason too."""
    return Rule(name, name, lambda event, ties: ties.named.of(name, event))


def _tied_to(
    sources: set[Source], *, within: Range | None, with_all_owners: bool
) -> dict[tuple[str, Source], list[int]]:
    """(role, source) -> the people in the range; with all owners on request."""
    ties = narrowed_to(sources)
    if within is not None:
        is_near = Q(user_id__gt=within.after, user_id__lte=within.last)
        ties = ties.filter(is_near | Q(role="owner") if with_all_owners else is_near)
    groups = ties.values_list("role", *_COLUMNS).annotate(users=Numbers("user_id"))
    found = [(role, (kind, stored_id(*halves)), users) for role, kind, *halves, users in groups]
    return {(role, source): users for role, source, users in found if source in sources}


def _own(event: Event, by_role: dict[tuple[str, Source], list[int]]) -> None:
    """Tie the actor of an event that isn't numbered yet as numbering will."""
    source, actor = event.source, event.actor_user_id
    if event.event_type.actor_becomes_owner and source is not None and actor is not None:
        at = (source.type, source.id)
        for role in ("member", "watcher"):
            by_role[role, at] = [user for user in by_role.get((role, at), ()) if user != actor]
        by_role["owner", at] = [*by_role.get(("owner", at), ()), actor]


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
