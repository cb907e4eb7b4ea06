"""When the closer has to look at a person next: two moments in their inbox row, found by one index look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from events.db import arrays
from notifications.holds import rules
from notifications.models import Hold, Inbox, UserNotificationSettings

# person, seq, look_at, digest_at
Moments = tuple[int, int, datetime | None, datetime | None]


def expect(users: Collection[int], *, now: datetime) -> None:
    """Plan the look at people who have just begun to hold something. Three queries; needs their inbox locks."""
    inboxes = {row.user_id: row for row in Inbox.objects.filter(user_id__in_set=users, look_at=None)}
    if not inboxes:
        return
    changed = []
    for settings in UserNotificationSettings.objects.filter(user_id__in_set=inboxes):
        box = inboxes[settings.user_id]
        collects = rules.hold_now(settings, now=now) == Hold.DIGEST
        digest_at = rules.next_digest(settings, after=now) if collects else box.digest_at
        look_at = rules.next_look(settings, now=now, digest_at=digest_at)
        changed.append((box.user_id, box.seq, look_at, digest_at))
    store(changed)


def store(rows: Sequence[Moments]) -> None:
    """One query; needs the inbox locks."""
    if not rows:
        return
    columns = {"user_id": "bigint", "seq": "bigint", "look_at": "timestamptz", "digest_at": "timestamptz"}
    values = [(user, seq, _stored(look_at), _stored(digest_at)) for user, seq, look_at, digest_at in rows]
    changed, params = arrays.table(columns, values)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inboxes SET seq = changed.seq, look_at = changed.look_at, digest_at = changed.digest_at "
            f"FROM {changed} AS changed WHERE inboxes.user_id = changed.user_id",
            params,
        )


def _stored(at: datetime | None) -> str | None:
    return None if at is None else str(connection.ops.adapt_datetimefield_value(at))
