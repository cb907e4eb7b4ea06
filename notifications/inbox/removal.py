"""Rows leave feeds: under their locks inboxes get new numbers and counts, and sockets are told after the commit."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from events.db.arrays import any_of
from events.db.rows import update_rows
from notifications.inbox import frames, push
from notifications.models import Inbox

# Rows of one person that a frame names; beyond it they fetch their feed anew.
MOST_IDS = 200


class Removed(NamedTuple):
    """Rows that a feed shows no longer: how many were unread, and their ids (None: the feed is fetched anew)."""

    unread: int
    ids: list[int] | None


def lock(users: Collection[int]) -> set[int]:
    """Lock the inboxes that nobody else has in hand, in user order until the commit; whose they are."""
    free = Inbox.objects.select_for_update(skip_locked=True).filter(user_id__in_set=users)
    ids = free.order_by("user_id").values_list("user_id", flat=True)
    locked = set(ids)
    if len(locked) < len(users):
        # Rows that another program wrote may belong to somebody without an inbox.
        missing = [Inbox(user_id=user) for user in users if user not in locked]
        Inbox.objects.bulk_create(missing, ignore_conflicts=True)
        locked = set(ids.all())
    return locked


def leave(removed: Mapping[int, Removed]) -> None:
    """Raise seq and resync_below and lower unread_count of people whose rows are gone; tell their sockets after the
    commit. One query, and none for nobody; needs their locks."""
    inboxes = update_rows(
        "inboxes",
        key="user_id",
        columns={"user_id": "bigint", "unread": "bigint"},
        rows=[(user, rows.unread) for user, rows in sorted(removed.items())],
        assign={
            "seq": "inboxes.seq + 1",
            "resync_below": "inboxes.seq + 1",
            "unread_count": "inboxes.unread_count - new.unread",
        },
        where=any_of("inboxes.user_id", removed),
        returning=("user_id", "seq", "unread_count"),
    )
    if inboxes:
        push.push_on_commit(
            [push.Push(user, _frame(removed[user], seq=seq, unread_count=unread)) for user, seq, unread in inboxes]
        )


def _frame(rows: Removed, *, seq: int, unread_count: int) -> frames.Frame:
    if rows.ids is None or len(rows.ids) > MOST_IDS:
        return frames.resync(seq=seq, unread_count=unread_count)
    return frames.removed(seq=seq, ids=rows.ids, unread_count=unread_count)
