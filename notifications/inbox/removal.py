"""Rows leave feeds: under their locks inboxes get new numbers and counts, and sockets are told after the commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection

from events.db import arrays
from notifications.inbox import frames, push
from notifications.models import Inbox

# Rows of one person that a frame names; beyond it they fetch their feed anew.
MOST_IDS = 200


class Removed(NamedTuple):
    """Rows that a feed shows no longer: how many were unread, and their ids (None: the feed is fetched anew)."""

    unread: int
    ids: list[int] | None


def lock(users: Collection[int]) -> dict[int, int]:
    """Lock the inboxes that nobody else has in hand, in user order until the commit; person -> unread count."""
    wanted = arrays.Once(sorted(users))
    free = Inbox.objects.select_for_update(skip_locked=True).filter(user_id__in_set=wanted).order_by("user_id")
    rows = dict(free.values_list("user_id", "unread_count"))
    if len(rows) < len(users):
        # Rows that another program wrote may belong to somebody without an inbox.
        missing = [Inbox(user_id=user) for user in users if user not in rows]
        Inbox.objects.bulk_create(missing, ignore_conflicts=True)
        rows = dict(free.all().values_list("user_id", "unread_count"))
    return rows


def leave(removed: Mapping[int, Removed], *, unread_before: Mapping[int, int]) -> None:
    """Raise seq and resync_below and lower unread_count of people whose rows are gone; tell their sockets after the
    commit. One query, and none for nobody; needs their locks."""
    if not removed:
        return
    seqs = _raise_seq({user: rows.unread for user, rows in removed.items()})
    frames_by_person = {
        user: _frame(rows, seq=seqs[user], unread_count=unread_before[user] - rows.unread)
        for user, rows in removed.items()
    }
    push.push_on_commit([push.Push(user, frame) for user, frame in frames_by_person.items()])


def _frame(rows: Removed, *, seq: int, unread_count: int) -> frames.Frame:
    if rows.ids is None or len(rows.ids) > MOST_IDS:
        return frames.resync(seq=seq, unread_count=unread_count)
    return frames.removed(seq=seq, ids=rows.ids, unread_count=unread_count)


def _raise_seq(fewer_unread: Mapping[int, int]) -> dict[int, int]:
    """Write the inboxes anew; person -> new seq."""
    fewer, params = arrays.table({"user_id": "bigint", "unread": "bigint"}, sorted(fewer_unread.items()))
    is_one, more = arrays.within("inboxes.user_id", fewer_unread)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inboxes SET seq = inboxes.seq + 1, resync_below = inboxes.seq + 1, "
            f"unread_count = inboxes.unread_count - fewer.unread FROM {fewer} AS fewer "
            f"WHERE inboxes.user_id = fewer.user_id AND {is_one} RETURNING inboxes.user_id, inboxes.seq",
            [*params, *more],
        )
        return dict(cursor.fetchall())
