"""Moments in an inbox row at which the person is checked next, found by one index lookup."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from events.db.rows import update_rows
from notifications.holds import decision, rules
from notifications.models import Hold, Inbox, Notification, UserNotificationSettings

# person, seq, unread_count, next_check_at, digest_at
Moments = tuple[int, int, int, datetime | None, datetime | None]


def expect(users: Collection[int], *, planned: Collection[int] = (), now: datetime) -> None:
    """Plan the check of people who have just begun to hold something. Three queries; needs their inbox locks.

    A check that is for snoozed rows, or for some that wait for an end of their own, may be too late for these.
    `planned`: people whose check may be so whatever it is for.
    """
    theirs = Notification.objects.filter(user_id=OuterRef("user_id"))
    snoozed = theirs.filter(snoozed_until__isnull=False)
    ending = theirs.exclude(hold=Hold.NONE).filter(hold_until__isnull=False)
    is_open = Q(next_check_at=None) | Q(Exists(snoozed)) | Q(Exists(ending))
    if planned:
        is_open |= Q(user_id__in_set=planned)
    inboxes = {row.user_id: row for row in Inbox.objects.filter(is_open, user_id__in_set=users)}
    if not inboxes:
        return
    changed = []
    for settings in UserNotificationSettings.objects.filter(user_id__in_set=inboxes):
        box = inboxes[settings.user_id]
        collects = rules.hold_now(settings, now=now) == Hold.DIGEST
        is_new = box.next_check_at is None or box.digest_at is None
        digest_at = rules.next_digest(settings, after=now) if collects and is_new else box.digest_at
        check_at = rules.next_check(settings, now=now, digest_at=digest_at)
        changed.append((box.user_id, box.seq, box.unread_count, earliest(check_at, box.next_check_at), digest_at))
    store(changed)


def retry(user_id: int, *, at: datetime, now: datetime) -> None:
    """Put off the check of somebody for whom it failed. The digest that was due meanwhile stays due.

    Two queries and an update; none more where another transaction has the inbox, which stays due then.
    """
    with transaction.atomic():
        box = Inbox.objects.select_for_update(skip_locked=True).filter(pk=user_id).first()
        if box is None:
            return
        settings = UserNotificationSettings.objects.filter(user_id=user_id).first()
        if settings is not None:
            box.digest_at = decision.due_digest(
                settings, next_check_at=box.next_check_at, digest_at=box.digest_at, now=now
            )
        box.next_check_at = at
        box.save(update_fields=["next_check_at", "digest_at"])


def earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def store(rows: Sequence[Moments]) -> None:
    """Write the moments and the numbers: one query, none without rows. Needs the inbox locks."""
    columns = {"user_id": "bigint", "seq": "bigint", "unread_count": "bigint"}
    columns |= {"next_check_at": "timestamptz", "digest_at": "timestamptz"}
    assign = {
        "seq": "new.seq",
        "unread_count": "new.unread_count",
        "look_at": "new.next_check_at",
        "digest_at": "new.digest_at",
    }
    update_rows("inboxes", key="user_id", columns=columns, rows=rows, assign=assign)
