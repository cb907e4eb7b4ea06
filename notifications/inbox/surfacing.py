"""Rows come back into feeds; sockets are told after the commit, as they are of new ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from events.db.arrays import any_of
from events.db.clock import instant
from events.db.rows import update_rows
from notifications.inbox import feed, frames, push
from notifications.models import Inbox

# Rows of one person that are told one by one; beyond it their tabs fetch the feed anew.
MOST_TOLD = 20


class Surfaced(NamedTuple):
    """Row that is in its person's feed again, with the numbers of their inbox as of then."""

    row_id: int
    user_id: int
    seq: int
    unread_count: int
    toast: bool


class Changed(NamedTuple):
    """Row that stays in its place and says something else now. `unread`: what the badge loses."""

    row_id: int
    user_id: int
    unread: int = 0


class Due(NamedTuple):
    """Snoozed row whose moment has come. `toast`: its person may be interrupted."""

    row_id: int
    inbox: Inbox
    toast: bool


def wake(due: Iterable[Due], *, now: datetime) -> None:
    """Put snoozed rows on top of their feeds, unread; two queries at most, none without rows.

    Raises `seq` and `unread_count` of the inboxes given, which the caller has locked and stores.
    """
    woken = []
    for row_id, inbox, toast in due:
        inbox.seq += 1
        inbox.unread_count += 1
        woken.append(Surfaced(row_id, inbox.user_id, inbox.seq, inbox.unread_count, toast))
    columns = {"id": "bigint", "seq": "bigint", "now": "timestamptz"}
    unread = {"is_read": "false", "read_at": "NULL", "reading_batch_id": "NULL", "snoozed_until": "NULL"}
    update_rows(
        "notifications",
        columns=columns,
        rows=[(row.row_id, row.seq, now) for row in woken],
        assign=unread | {"seq": "new.seq", "feed_seq": "new.seq", "created_at": "new.now"},
    )
    push_on_commit(woken)


def renew(changed: Iterable[Changed]) -> None:
    """Give changed rows and their inboxes new numbers; their tabs are told after the commit, without a toast. Needs the
    inbox locks. Two queries, none without rows."""
    shown = defaultdict[int, list[Changed]](list)
    for row in changed:
        shown[row.user_id].append(row)
    # Each row has its own number, but where a tab would have to take so many that it fetches them anew.
    steps = {user: len(theirs) if len(theirs) <= MOST_TOLD else 1 for user, theirs in shown.items()}
    unread = {user: sum(row.unread for row in theirs) for user, theirs in shown.items()}
    inboxes = update_rows(
        "inboxes",
        key="user_id",
        columns={"user_id": "bigint", "steps": "bigint", "unread": "bigint"},
        rows=[(user, steps[user], unread[user]) for user in sorted(shown)],
        assign={"seq": "inboxes.seq + new.steps", "unread_count": "inboxes.unread_count - new.unread"},
        where=any_of("inboxes.user_id", shown),
        returning=("user_id", "seq", "unread_count"),
    )
    numbered, pushes = list[Surfaced](), list[push.Push]()
    for user, seq, count in inboxes:
        is_told = steps[user] == len(shown[user])
        at, left = seq - steps[user], count + unread[user]
        for row in shown[user]:
            at, left = at + is_told, left - row.unread
            numbered.append(Surfaced(row.row_id, user, at if is_told else seq, left, toast=False))
        if not is_told:
            pushes.append(push.Push(user, frames.resync(seq=seq, unread_count=count)))
    seqs = [(one.row_id, one.seq) for one in numbered]
    update_rows("notifications", columns={"id": "bigint", "seq": "bigint"}, rows=seqs)
    if pushes:
        push.push_on_commit(pushes)
    push_on_commit([one for one in numbered if steps[one.user_id] == len(shown[one.user_id])])


def push_on_commit(surfaced: Sequence[Surfaced]) -> None:
    if surfaced:
        transaction.on_commit(lambda: _push(surfaced), robust=True)


def _push(surfaced: Sequence[Surfaced]) -> None:
    """Push a frame for each row, as it is by now. One query, and one more where the host is asked who may see what."""
    rows = {row.pk: row for row in feed.read([one.row_id for one in surfaced])}
    pushes, shared = [], {}
    for one in surfaced:
        if (row := rows.get(one.row_id)) is None:
            continue
        key = -row.event_id if row.event.is_hidden else row.event_id
        event = feed.event_json(row.event)
        shared[key] = {"event": event, "timestamp": instant(row.event.created_at)}
        own = feed.own_json(row, body=event["display_body"] or event["body"])
        frame = {"seq": one.seq, "unread_count": one.unread_count, "toast": one.toast, "own": own}
        pushes.append(push.Push(one.user_id, frame, key))
    push.push(pushes, shared=shared)
