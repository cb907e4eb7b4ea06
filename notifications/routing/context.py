"""Loading of all that the plan asks for, in sets; by the writer under the locks of the inboxes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import repeat
from operator import or_

from django.db.models import Q

from events.db.aggregates import Numbers
from events.models import Membership
from events.rules import channel_names
from events.rules.ladders import Ladder, readable
from notifications.conf import conf
from notifications.holds import hourly_cap, rules
from notifications.models import (
    COUNTED,
    Mute,
    Notification,
    NotificationPreference,
    ProjectPreference,
    ProjectScope,
    UserNotificationSettings,
)
from notifications.routing import bursts
from notifications.routing.audiences import Audiences
from notifications.routing.facts import EventFacts, ExistingRow, Head, Preference, RoutingContext, Source


def load(
    facts: Sequence[EventFacts],
    audiences: Audiences,
    *,
    seqs: Mapping[int, int],
    hours: Mapping[int, str],
    now: datetime,
) -> RoutingContext:
    """Load for the people of `seqs`, which is in user order: person -> seq of their inbox; `hours`: what came to them.

    Ten queries at most, however many people: preferences, settings, ladders, rows of these events, and where there are
    such, mutes of the sources and projects, rows of the replacing groups, heads of bursts and storms, and the projects'
    members, defaults and scopes.
    """
    users = list(seqs)
    projects = {event.project_id for event in facts if event.project_id is not None}
    groups = {key for event in facts if (key := event.group_key)}
    defaults = project_defaults(projects)
    preset = {type_id for _project, type_id in defaults}
    heads = {key for event in facts if (key := event.burst_key)} | _storms(facts, hours, now=now.timestamp())
    return RoutingContext(
        audience=audiences.by_event,
        seqs=seqs,
        channels=channel_names.known(),
        preferences=_preferences(
            {event.type.type_id: event.type.default_channels for event in facts}, users, preset=preset
        ),
        project_defaults=defaults,
        project_scopes=_project_scopes(projects, users) if projects else {},
        mutes=_mutes({entity for event in facts for entity in event.entities}, users, now=now),
        ladders=_ladders(users),
        holds=_holds(users, now=now),
        owners=audiences.owners,
        unscoped=audiences.addressed_as_admin,
        project_members=project_members(projects, users) if projects else set(),
        already_notified=_already_notified([event.event_id for event in facts], users),
        existing=_existing(groups, users) if groups else {},
        caps=conf.HOURLY_CAPS,
        storm_limit=conf.STORM_LIMIT,
        hours=hours,
        heads=_heads(heads, users, now=now) if heads else {},
        now=now.timestamp(),
    )


def _preferences(
    types: Mapping[int, Sequence[str]], users: Sequence[int], *, preset: Collection[int]
) -> dict[tuple[int, int], Preference]:
    """(person, type) -> their preference, where it isn't what the type offers anyway. `types`: type -> its channels;
    `preset`: those that have a project's default, before which a choice comes that is just what the type offers.

    Read by what they chose: it is one of a few combinations for most people.
    """
    is_offered = reduce(or_, (Q(event_type=type_id, channels=list(names)) for type_id, names in types.items()))
    chosen = NotificationPreference.objects.filter(_theirs(users), event_type_id__in_set=types)
    differing = ~Q(is_offered, is_enabled=True, scope="all", ladder={})
    if preset:
        differing |= Q(event_type_id__in=preset, chosen_at__isnull=False)
    columns = ("event_type_id", "is_enabled", "channels", "scope", "is_chosen", "ladder")
    rows = chosen.filter(differing).annotate(is_chosen=Q(chosen_at__isnull=False)).order_by()
    groups = rows.values_list(*columns).annotate(users=Numbers("user_id"))
    preferences: dict[tuple[int, int], Preference] = {}
    for type_id, is_enabled, channels, scope, is_chosen, ladder, chosen_by in groups:
        preference = Preference(is_enabled, names(channels), scope, bool(is_chosen), readable(ladder))
        preferences.update(dict.fromkeys(zip(chosen_by, repeat(type_id)), preference))
    return preferences


def _ladders(users: Sequence[int]) -> dict[int, Ladder]:
    """person -> their own ladder, of those who have one; there are a few, and most of them alike."""
    own = UserNotificationSettings.objects.filter(_theirs(users)).exclude(ladder={}).order_by()
    ladders: dict[int, Ladder] = {}
    for ladder, chosen_by in own.values_list("ladder").annotate(users=Numbers("user_id")):
        ladders.update(dict.fromkeys(chosen_by, readable(ladder)))
    return ladders


def names(channels: object) -> tuple[str, ...]:
    """Other programs write preferences too: what is no list names no channel, and stops nobody else's notification."""
    return tuple(name for name in channels if isinstance(name, str)) if isinstance(channels, list) else ()


def project_defaults(projects: Collection[int]) -> dict[tuple[int, int], Preference]:
    found = ProjectPreference.objects.of(projects).items()
    return {key: Preference(is_enabled, channels, "all") for key, (is_enabled, channels) in found}


def _project_scopes(projects: Collection[int], users: Sequence[int]) -> dict[tuple[int, int], str]:
    rows = ProjectScope.objects.filter(_theirs(users), project_id__in_set=projects).order_by()
    return {(project, user): scope for project, user, scope in rows.values_list("project_id", "user_id", "scope")}


def _mutes(entities: Collection[Source], users: Sequence[int], *, now: datetime) -> Mapping[Source, set[int]]:
    return Mute.objects.filter(_near(users)).of(set(users), entities=entities, now=now)


def _holds(users: Sequence[int], *, now: datetime) -> dict[int, str]:
    """person -> hold, of those whose settings may keep something back; most people have none."""
    may_hold = Q(dnd_enabled=True) | Q(digest_enabled=True) | ~Q(quiet_hours=[])
    settings = UserNotificationSettings.objects.filter(_theirs(users), may_hold).order_by()
    return {row.user_id: rules.hold_now(row, now=now).value for row in settings}


def project_members(projects: Collection[int], users: Sequence[int]) -> set[tuple[int, int]]:
    members = Membership.objects.filter(_theirs(users), entity_type="project", entity_id__in_set=projects)
    found = members.order_by().values_list("entity_id", "user_id")
    return {(number, user) for number, user in found if number is not None}


def _already_notified(events: Iterable[int], users: Sequence[int]) -> set[tuple[int, int, str]]:
    """(event, person, channel) that have their row."""
    rows = Notification.objects.filter(_near(users), event_id__in_set=events)
    # In the order of the one index that begins with both, so that it is read, not all rows of a large event.
    return set(rows.order_by("event_id", "user_id").values_list("event_id", "user_id", "channel"))


def _existing(groups: Collection[str], users: Sequence[int]) -> Mapping[tuple[int, str], Sequence[ExistingRow]]:
    """(person, group) -> rows that may be replaced."""
    rows = Notification.objects.filter(_theirs(users), channel="in_app", group_key__in_set=groups)
    rows = rows.annotate(is_counted=Q(**COUNTED))
    existing: dict[tuple[int, str], list[ExistingRow]] = defaultdict(list)
    columns = ("user_id", "group_key", "pk", "event__position", "is_counted", "event__event_type_id")
    for user_id, key, *row in rows.order_by().values_list(*columns):
        existing[user_id, key].append(ExistingRow(*row))
    return existing


def _storms(facts: Sequence[EventFacts], hours: Mapping[int, str], *, now: float) -> set[str]:
    """Keys of storms that anybody is in."""
    names, known, limit = {bursts.storm(event.type.type_id) for event in facts}, set(hours.values()), conf.STORM_LIMIT
    return {name for name in names if any(hourly_cap.is_over(text, name=name, most=limit, now=now) for text in known)}


def _heads(keys: Collection[str], users: Sequence[int], *, now: datetime) -> dict[tuple[int, str, str], Head]:
    """(person, channel, key) -> the row into which their events fold now; of several the last."""
    is_open = {name: value for name, value in COUNTED.items() if name != "channel"}
    rows = Notification.objects.filter(_theirs(users), group_key__in_set=keys, folds_until__gt=now, **is_open)
    its = ("folds_until", "event_id", "reason", "hold", "summary_id", "created_at", "count", "actors")
    # By what they say: those of a crowd mostly say the same. Both lists of a group are in one order.
    groups = rows.order_by().values_list("channel", "group_key", *its)
    heads = dict[tuple[int, str, str], Head]()
    for channel, key, *shared, actors, owners, ids in groups.annotate(users=Numbers("user_id"), rows=Numbers("pk")):
        told = (*shared, tuple(actors or ()))
        for user, pk in zip(owners, ids, strict=True):
            place, head = (user, channel, key), Head(pk, *told)
            if place not in heads or heads[place].row_id < pk:
                heads[place] = head
    return heads


def _theirs(users: Sequence[int]) -> Q:
    # A set: of a list the ORM looks at every element.
    return _near(users) & Q(user_id__in_set=set(users))


def _near(users: Sequence[int]) -> Q:
    """Condition that lets a chunk of a large audience read its own range of an index, not everybody's rows."""
    return Q(user_id__gte=users[0], user_id__lte=users[-1])
