"""Rows in the feed that nobody need speak of any more: read, put off, or seen in a tab that was in sight."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db.models import Q

from notifications.models import Inbox, Notification

READ, SNOOZED, SEEN = "read", "snoozed", "seen"

# person, event, its position, its replacing group
Waited = tuple[int, int, int, str | None]


class _FeedRow(NamedTuple):
    seq: int
    position: int
    became: str


def record(user_id: int, *, seq: int) -> None:
    """Record that all up to this number was in sight. One query, without the inbox lock: the greatest counts, and none
    beyond the inbox's own."""
    Inbox.objects.filter(pk=user_id, seq__gte=seq, seen_seq__lt=seq).update(seen_seq=seq)


def became(waited: Collection[Waited]) -> Mapping[tuple[int, int], str]:
    """(person, event) -> READ, SNOOZED or SEEN; left out: it is unread still, or isn't in the feed.

    A later event of its replacing group has the row instead. Two queries, none for nothing.
    """
    if not waited:
        return {}
    users = {user for user, *_rest in waited}
    events, groups = {event for _user, event, *_rest in waited}, {group for *_rest, group in waited if group}
    of_these = Q(event_id__in_set=events) | Q(group_key__in_set=groups) if groups else Q(event_id__in_set=events)
    rows = Notification.objects.filter(of_these, user_id__in_set=users, channel="in_app", folded_into=None).order_by()
    seen = dict(Inbox.objects.filter(user_id__in_set=users, seen_seq__gt=0).values_list("user_id", "seen_seq"))
    found: dict[tuple[int, int | str], list[_FeedRow]] = defaultdict(list)
    columns = ("user_id", "event_id", "group_key", "event__position", "seq", "is_read", "snoozed_until")
    for user, event, group, position, seq, is_read, snoozed_until in rows.values_list(*columns):
        state = READ if is_read else SNOOZED if snoozed_until else SEEN if seq <= seen.get(user, 0) else ""
        row = _FeedRow(seq, position or 0, state)
        found[user, event].append(row)
        if group:
            found[user, group].append(row)
    looked_at = {}
    for user, event, position, group in waited:
        later = [row for row in found[user, group] if row.position > position] if group else []
        its = [*found[user, event], *later]
        if its and all(row.became for row in its):
            looked_at[user, event] = max(its).became
    return looked_at
