"""All that the plan asks for, read in sets; by whoever writes what comes of it, under the locks of the inboxes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import repeat

from django.db import connection

from events.db import arrays
from events.models import Membership
from events.rules import channel_names
from notifications.holds import rules
from notifications.models import UserNotificationSettings
from notifications.routing.audiences import Evaluated
from notifications.routing.plan import Choice, Fact, Known, Standing


def load(facts: Sequence[Fact], evaluated: Evaluated, *, seqs: Mapping[int, int], now: datetime) -> Known:
    """At most four queries, however many people: those of `seqs`, in user order, with the seq of their inbox."""
    users = list(seqs)
    types = {fact.kind.type_id: fact.kind.default_channels for fact in facts}
    projects = {fact.project_id for fact in facts if fact.project_id is not None}
    choices, may_hold = _choices(types, users)
    told, standing = _rows_before(facts, users)
    return Known(
        audience=evaluated.by_event,
        seqs=seqs,
        channels=channel_names.known(),
        choices=choices,
        holds=_holds(may_hold, now=now) if may_hold else {},
        owners=evaluated.owners,
        unscoped=evaluated.addressed_as_admin,
        project_members=_project_members(projects, users) if projects else set(),
        told=told,
        standing=standing,
    )


def _holds(users: Collection[int], *, now: datetime) -> dict[int, str]:
    settings = UserNotificationSettings.objects.filter(user_id__in_set=users).order_by()
    return {row.user_id: rules.hold_now(row, now=now).value for row in settings}


def _project_members(projects: Collection[int], users: Sequence[int]) -> set[tuple[int, int]]:
    # The bounds let a chunk of a great audience read its own range of an index, not everybody's rows.
    bounds = {"user_id__gte": users[0], "user_id__lte": users[-1]}
    members = Membership.objects.filter(entity_type="project", entity_id__in_set=projects, user_id__in_set=users)
    return set(members.filter(**bounds).order_by().values_list("entity_id", "user_id"))


def _choices(
    types: Mapping[int, Sequence[str]], users: Sequence[int]
) -> tuple[dict[tuple[int, int], Choice], list[int]]:
    """(person, type) -> what they chose, where that is not what the type offers anyway (`types`: its channels), read
    by what it is: one of a few combinations for most people. And whose settings may keep something back; most people
    have none. Perhaps of others too: nobody asks for those."""
    is_type, some = arrays.within("event_type_id", types)
    usual = [(type_id, json.dumps(names)) for type_id, names in types.items()]
    kinds, usual_of = arrays.table({"type_id": "bigint", "usual": "jsonb"}, usual)
    is_one, one_of = arrays.around("user_id", users)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT event_type_id, is_enabled, CAST(channels AS text) AS names, scope, {arrays.joined('user_id')} "
            f"FROM notification_preferences JOIN {kinds} AS kinds ON kinds.type_id = event_type_id "
            f"WHERE {is_type} AND {is_one} AND NOT (is_enabled AND scope = 'all' AND channels = kinds.usual) "
            "GROUP BY event_type_id, is_enabled, channels, scope "
            f"UNION ALL SELECT NULL, NULL, NULL, NULL, {arrays.joined('user_id')} FROM user_notification_settings "
            f"WHERE {is_one} AND (dnd_enabled OR digest_enabled OR CAST(quiet_hours AS text) <> '[]')",
            [*usual_of, *some, *one_of, *one_of],
        )
        *chosen, (*_, may_hold) = sorted(cursor.fetchall(), key=lambda row: row[0] is None)
    choices: dict[tuple[int, int], Choice] = {}
    for kind, is_enabled, names, scope, chosen_by in chosen:
        choice = _choice(bool(is_enabled), names, scope)
        choices.update(dict.fromkeys(zip(arrays.numbers(chosen_by), repeat(kind)), choice))
    return choices, arrays.numbers(may_hold)


def _choice(is_enabled: bool, names: str, scope: str) -> Choice:
    """Other programs write preferences too: what is no list names no channel, and stops nobody else's notification."""
    value = json.loads(names)
    known = tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()
    return Choice(is_enabled, known, scope)


# In the order of the one index that begins with both, so that it is read, not all rows of a great event.
_TOLD = """
SELECT event_id, user_id, channel, CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS boolean),
    CAST(NULL AS bigint)
FROM (
    SELECT event_id, user_id, channel FROM notifications WHERE {is_event} AND {is_near} ORDER BY event_id, user_id
) AS told
"""
_STANDING = """
UNION ALL SELECT NULL, user_id, group_key, notifications.id, position, is_read, event_type_id
FROM notifications JOIN events ON events.id = event_id
WHERE {is_group} AND channel = 'in_app' AND {is_one} AND {is_near}
"""

_Told = set[tuple[int, int, str]]
_Before = dict[tuple[int, str], list[Standing]]


def _rows_before(facts: Sequence[Fact], users: Sequence[int]) -> tuple[_Told, _Before]:
    """(event, person, channel) that have their row, and (person, group) -> rows that may be replaced. One query."""
    is_event, events = arrays.within("event_id", [fact.event_id for fact in facts])
    # A chunk of a great audience reads its own range of an index, not all rows of the event.
    is_near, bounds = arrays.between("user_id", users)
    sql, params = _TOLD.format(is_event=is_event, is_near=is_near), [*events, *bounds]
    if keys := {key for fact in facts if (key := fact.group_key)}:
        is_group, groups = arrays.within("group_key", keys, kind="text")
        is_one, one_of = arrays.within("user_id", users)
        sql += _STANDING.format(is_group=is_group, is_one=is_one, is_near=is_near)
        params += [*groups, *one_of, *bounds]
    told: _Told = set()
    standing: _Before = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for event_id, user_id, name, row_id, position, is_read, type_id in cursor.fetchall():
            if row_id is None:
                told.add((event_id, user_id, name))
            else:
                standing[user_id, name].append(Standing(row_id, position, bool(is_read), type_id))
    return told, standing
