"""Snapshot for a client that knew its inbox up to `seq`."""

from collections.abc import Sequence
from datetime import datetime

from events.db.clock import instant
from notifications.holds import rules
from notifications.inbox import feed, frames, summaries, triage
from notifications.inbox.frames import Frame
from notifications.models import Hold, Inbox, Notification
from notifications.preferences.settings import settings_as_json, settings_of

MOST = 200
# Characters of their payloads: a greeting of 200 of the largest would be 50 MB.
MOST_SIZE = 1024 * 1024


def since(user_id: int, *, seq: int | None, now: datetime) -> list[Frame]:
    """Frames of the greeting: a hello, above whose seq all is still to come; then a resync if more than MOST (or
    MOST_SIZE) changed, rows were removed, or the client is ahead of us.

    Two queries; with a `seq` that isn't ours, one that counts what changed, and where that isn't too much, one for
    the rows, one for the summaries and at most one for their words more.
    """
    inbox = Inbox.objects.filter(pk=user_id).first() or Inbox(user_id=user_id)
    changed, made = [], []
    recovered = seq is not None and _is_within_reach(inbox, seq=seq)
    if seq is not None and recovered and seq < inbox.seq:
        changed = feed.changed_since(user_id, seq=seq, limit=MOST)
        made = summaries.changed_since(user_id, seq=seq, limit=MOST + 1)
        recovered = len(changed) + len(made) <= MOST
    settings = settings_of(user_id)
    hello = {
        "type": "hello",
        "seq": inbox.seq,
        "unread_count": inbox.unread_count,
        "now": instant(now),
        "settings": settings_as_json(settings, now=now),
        # Rows and summaries are all that changed since the client's seq.
        "recovered": recovered,
        "notifications": [feed.as_json(row) for row in changed if _is_in_feed(row)] if recovered else [],
        "removed": _left(changed) if recovered else [],
        "summaries": summaries.as_frames(made) if recovered else [],
        # News wait just now, so what isn't critical among the rows makes no toast.
        "is_held": rules.hold_now(settings, now=now) != Hold.NONE,
    }
    if recovered or seq is None:
        return [hello]
    return [hello, frames.resync(seq=inbox.seq, unread_count=inbox.unread_count)]


def _is_in_feed(row: Notification) -> bool:
    return row.done_at is None and row.snoozed_until is None


def _left(changed: Sequence[Notification]) -> list[Frame]:
    """Ids of those that left the feed, by the reason, as in a frame `removed`."""
    ids = {reason: [row.pk for row in changed if getattr(row, column)] for reason, column in triage.COLUMNS.items()}
    return [{"ids": left, "reason": reason} for reason, left in ids.items() if left]


def _is_within_reach(inbox: Inbox, *, seq: int) -> bool:
    """Tell if nothing was removed since, the client isn't ahead of us, and not too many rows have changed.

    Looked at before they are read: a flood throws many sockets back at once, each by more than it will be told.
    """
    if not inbox.resync_below <= seq <= inbox.seq:
        return False
    return seq == inbox.seq or not feed.have_more_changed(inbox.user_id, seq=seq, than=MOST, size=MOST_SIZE)
