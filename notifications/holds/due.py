"""People whose check is due: chunk by chunk, each its own transaction, so that one person stops nobody."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from events.db.batch_size import AdaptiveBatch
from events.transport import outages
from notifications.holds import release, schedule
from notifications.models import Hold, Inbox, Notification

TASK = "notifications.release"
HOURLY_TASK = "notifications.release_all"
CHUNK = 500
# Seconds that a chunk is meant to keep its people's inboxes locked: they may hold a row each, or thousands.
WISH = 0.2
# Held rows below which a chunk takes its time for what any takes: a smaller one would be no quicker.
FEW_ROWS = 1000
RETRY = timedelta(minutes=1)

_pace = AdaptiveBatch(first=100, least=1, most=CHUNK, wish=WISH)


def release_due(*, now: datetime) -> bool:
    """Release one chunk of those whose check is due, the longest waiting first; true if there may be more.

    One query if there is nobody.
    """
    size = _pace.size
    waiting = Inbox.objects.filter(next_check_at__lte=now).order_by("next_check_at", "user_id")
    due = list(waiting.values_list("user_id", flat=True)[:size])
    _release_timed(due, now=now)
    return len(due) == size


def release_all(*, now: datetime) -> None:
    """Check everybody who holds or snoozes anything, whatever was planned: settings that another program wrote, zones
    whose clocks are set otherwise than was known."""
    after = 0
    while users := _holding(after=after):
        _release_timed(users, now=now)
        after = users[-1]


def _holding(*, after: int) -> list[int]:
    theirs = Notification.objects.filter(user_id__gt=after).order_by()
    held, snoozed = theirs.exclude(hold=Hold.NONE), theirs.filter(snoozed_until__isnull=False)
    users = held.values_list("user_id", flat=True).union(snoozed.values_list("user_id", flat=True))
    return list(users.order_by("user_id")[: _pace.size])


def _release_timed(users: Sequence[int], *, now: datetime) -> None:
    rows = Notification.objects.filter(user_id__in_set=users).exclude(hold=Hold.NONE).count() if users else 0
    began = time.monotonic()
    _release(users, now=now)
    taken = time.monotonic() - began
    if (rows > FEW_ROWS) if taken > WISH else len(users) == _pace.size:
        _pace.took(taken)


def _release(users: Sequence[int], *, now: datetime) -> None:
    """Release a chunk, halved when it fails until the one person is alone for whom it does; they wait a minute.

    Without a database all wait.
    """
    if not users:
        return
    try:
        release.release(users, now=now)
    except Exception as error:
        if not connection.is_usable():
            raise
        if len(users) == 1:
            error.add_note(f"while what user {users[0]} holds was released")
            outages.note(__name__, "what a person holds can't be released now", error)
            schedule.retry(users[0], at=now + RETRY, now=now)
            return
        middle = len(users) // 2
        for half in (users[:middle], users[middle:]):
            _release(half, now=now)
