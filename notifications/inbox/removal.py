"""What pruning leaves of an inbox: its number and counts raised and lowered under its lock, its sockets told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db import connection

from events.db import arrays
from notifications.inbox import frames, push
from notifications.models import Inbox

# Of one person; beyond it they fetch their feed anew.
MOST_IDS = 200


class Lost(NamedTuple):
    """What a feed shows no longer: so many unread rows, and these."""

    unread: int
    ids: list[int]


class Left(NamedTuple):
    """What then stands in an inbox, and which rows its feed shows no longer. None: too many to name."""

    user_id: int
    seq: int
    unread_count: int
    ids: list[int] | None


# `fewer`: a table of people and how many unread rows fewer they have. Clients that know a lower seq must fetch anew.
RAISE = (
    "UPDATE inboxes SET seq = inboxes.seq + 1, resync_below = inboxes.seq + 1, "
    "unread_count = inboxes.unread_count - fewer.unread FROM {fewer} AS fewer WHERE inboxes.user_id = fewer.user_id"
)


def lock(users: Collection[int]) -> dict[int, int]:
    """person -> unread count of those whose inbox nobody else has in hand, locked in user order until the commit."""
    wanted = arrays.Once(sorted(users))
    free = Inbox.objects.select_for_update(skip_locked=True).filter(user_id__in_set=wanted).order_by("user_id")
    rows = dict(free.values_list("user_id", "unread_count"))
    if len(rows) < len(users):
        # Rows that another program wrote may belong to somebody without an inbox.
        missing = [Inbox(user_id=user) for user in users if user not in rows]
        Inbox.objects.bulk_create(missing, ignore_conflicts=True)
        rows = dict(free.all().values_list("user_id", "unread_count"))
    return rows


def leave(lost: Mapping[int, Lost], *, unread_before: Mapping[int, int]) -> None:
    """Of people whose rows are gone: raise seq and resync_below, lower unread_count, and tell the sockets after the
    commit. One query; needs their locks."""
    if not lost:
        return
    seqs = _raise_seq({user: rows.unread for user, rows in lost.items()})
    tell(
        Left(user, seqs[user], unread_before[user] - rows.unread, rows.ids if len(rows.ids) <= MOST_IDS else None)
        for user, rows in lost.items()
    )


def tell(people: Iterable[Left]) -> None:
    """Their sockets, after the commit."""
    if pushes := [push.Push(left.user_id, _frame(left)) for left in people]:
        push.push_on_commit(pushes)


def fetch_anew(users: Collection[int], *, unread: Mapping[int, int]) -> None:
    """A summary went from above these people's feeds."""
    seqs = _raise_seq(dict.fromkeys(users, 0))
    tell(Left(user, seq, unread[user], None) for user, seq in seqs.items())


def _frame(left: Left) -> frames.Frame:
    if left.ids is None:
        return frames.resync(seq=left.seq, unread_count=left.unread_count)
    return frames.removed(seq=left.seq, ids=left.ids, unread_count=left.unread_count)


def _raise_seq(fewer_unread: Mapping[int, int]) -> dict[int, int]:
    """person -> their new seq."""
    if not fewer_unread:
        return {}
    fewer, params = arrays.table({"user_id": "bigint", "unread": "bigint"}, sorted(fewer_unread.items()))
    is_one, more = arrays.within("inboxes.user_id", fewer_unread)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{RAISE.format(fewer=fewer)} AND {is_one} RETURNING inboxes.user_id, inboxes.seq", [*params, *more]
        )
        return dict(cursor.fetchall())
