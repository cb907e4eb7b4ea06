"""Rows leave feeds: under their locks inboxes get new numbers and counts, and sockets are told after the commit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from events.db.arrays import any_of
from events.db.rows import update_rows
from notifications.inbox import frames, push
from notifications.models import COUNTED, Inbox, Notification, is_counted

# Rows of one person that a frame names; beyond it they fetch their feed anew.
MOST_IDS = 200
# Rows that `remove` deletes in one transaction.
BATCH = 500


class Removed(NamedTuple):
    """Row that a person's feed shows no longer, and what the badge loses. Without an id the feed is fetched anew."""

    user_id: int
    id: int | None
    unread: int


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


def leave(removed: Iterable[Removed], *, reason: str = "deleted") -> None:
    """Raise seq and resync_below and lower unread_count of people whose rows are gone; tell their sockets after the
    commit. One query, and none for nobody; needs their locks."""
    rows_of: defaultdict[int, list[Removed]] = defaultdict(list)
    for row in removed:
        rows_of[row.user_id].append(row)
    inboxes = update_rows(
        "inboxes",
        key="user_id",
        columns={"user_id": "bigint", "unread": "bigint"},
        rows=[(user, sum(row.unread for row in rows)) for user, rows in sorted(rows_of.items())],
        assign={
            "seq": "inboxes.seq + 1",
            "resync_below": "inboxes.seq + 1",
            "unread_count": "inboxes.unread_count - new.unread",
        },
        where=any_of("inboxes.user_id", rows_of),
        returning=("user_id", "seq", "unread_count"),
    )
    if inboxes:
        push.push_on_commit(
            [
                push.Push(user, _frame(rows_of[user], seq=seq, unread_count=unread, reason=reason))
                for user, seq, unread in inboxes
            ]
        )


def remove(rows: QuerySet[Notification]) -> int:
    """Delete notifications with their deliveries, batch by batch, each with its people's inboxes in one transaction;
    how many. For code of others: retention has its own way."""
    gone = 0
    while batch := dict(rows.order_by("pk").values_list("pk", "user_id")[:BATCH]):
        with transaction.atomic():
            people = Inbox.objects.select_for_update().filter(user_id__in_set=set(batch.values()))
            list(people.order_by("user_id"))
            # What is folded into one of them was shown by it alone.
            found = Notification.objects.filter(Q(pk__in_set=batch) | Q(folded_into__in_set=batch))
            shown = found.filter(channel="in_app").values("user_id", "pk", *COUNTED)
            leave([Removed(row["user_id"], row["pk"], is_counted(row)) for row in shown])
            gone += len(batch)
            QuerySet.delete(found)
    return gone


def _frame(rows: Sequence[Removed], *, seq: int, unread_count: int, reason: str) -> frames.Frame:
    ids = [row.id for row in rows if row.id is not None]
    if len(ids) < len(rows) or len(ids) > MOST_IDS:
        return frames.resync(seq=seq, unread_count=unread_count)
    return frames.removed(seq=seq, ids=ids, unread_count=unread_count, reason=reason)
