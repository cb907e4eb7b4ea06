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
from notifications.holds import rules
from notifications.models import COUNTED, Notification, NotificationPreference, UserNotificationSettings
from notifications.routing.audiences import Audiences
from notifications.routing.plan import EventFacts, ExistingRow, Preference, RoutingContext


def load(
    facts: Sequence[EventFacts], audiences: Audiences, *, seqs: Mapping[int, int], now: datetime
) -> RoutingContext:
    """Load for the people of `seqs`, which is in user order: person -> seq of their inbox.

    Five queries at most, however many people: preferences, settings, rows of these events, and where there are such,
    members of the projects and rows of the replacing groups.
    """
    users = list(seqs)
    projects = {event.project_id for event in facts if event.project_id is not None}
    groups = {key for event in facts if (key := event.group_key)}
    return RoutingContext(
        audience=audiences.by_event,
        seqs=seqs,
        channels=channel_names.known(),
        preferences=_preferences({event.type.type_id: event.type.default_channels for event in facts}, users),
        holds=_holds(users, now=now),
        owners=audiences.owners,
        unscoped=audiences.addressed_as_admin,
        project_members=_project_members(projects, users) if projects else set(),
        already_notified=_already_notified([event.event_id for event in facts], users),
        existing=_existing(groups, users) if groups else {},
    )


def _preferences(types: Mapping[int, Sequence[str]], users: Sequence[int]) -> dict[tuple[int, int], Preference]:
    """(person, type) -> their preference, where it isn't what the type offers anyway. `types`: type -> its channels.

    Read by what they chose: it is one of a few combinations for most people.
    """
    is_offered = reduce(or_, (Q(event_type=type_id, channels=list(names)) for type_id, names in types.items()))
    chosen = NotificationPreference.objects.filter(_theirs(users), event_type_id__in_set=types)
    differing = chosen.exclude(is_offered, is_enabled=True, scope="all").order_by()
    groups = differing.values_list("event_type_id", "is_enabled", "channels", "scope").annotate(
        users=Numbers("user_id")
    )
    preferences: dict[tuple[int, int], Preference] = {}
    for type_id, is_enabled, channels, scope, chosen_by in groups:
        preference = Preference(is_enabled, _names(channels), scope)
        preferences.update(dict.fromkeys(zip(chosen_by, repeat(type_id)), preference))
    return preferences


def _names(channels: object) -> tuple[str, ...]:
    """Other programs write preferences too: what is no list names no channel, and stops nobody else's notification."""
    return tuple(name for name in channels if isinstance(name, str)) if isinstance(channels, list) else ()


def _holds(users: Sequence[int], *, now: datetime) -> dict[int, str]:
    """person -> hold, of those whose settings may keep something back; most people have none."""
    may_hold = Q(dnd_enabled=True) | Q(digest_enabled=True) | ~Q(quiet_hours=[])
    settings = UserNotificationSettings.objects.filter(_theirs(users), may_hold).order_by()
    return {row.user_id: rules.hold_now(row, now=now).value for row in settings}


def _project_members(projects: Collection[int], users: Sequence[int]) -> set[tuple[int, int]]:
    members = Membership.objects.filter(_theirs(users), entity_type="project", entity_id__in_set=projects)
    return set(members.order_by().values_list("entity_id", "user_id"))


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


def _theirs(users: Sequence[int]) -> Q:
    # A set: of a list the ORM looks at every element.
    return _near(users) & Q(user_id__in_set=set(users))


def _near(users: Sequence[int]) -> Q:
    """Condition that lets a chunk of a large audience read its own range of an index, not everybody's rows."""
    return Q(user_id__gte=users[0], user_id__lte=users[-1])
