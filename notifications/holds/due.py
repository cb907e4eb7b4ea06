"""Who is due to be given what they hold: chunk by chunk, each its own transaction, so that one person stops nobody."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from events.db.batch_size import Pace
from notifications.holds import release
from notifications.models import Hold, Inbox, Notification

logger = logging.getLogger(__name__)

TASK = "notifications.release"
HOURLY_TASK = "notifications.release_all"
CHUNK = 500
# Seconds that a chunk is meant to keep its people's inboxes locked: they may hold a row each, or thousands.
WISH = 0.2
PUT_OFF = timedelta(minutes=1)


# Whom it failed for, and until when this process leaves them alone. Their planned look stays as it is in the database:
# a digest may be reckoned from it.
_put_off: dict[int, datetime] = {}
_pace = Pace(first=100, least=1, most=CHUNK, wish=WISH)


def release_due(*, now: datetime) -> bool:
    """One chunk of those whose look is due, the longest waiting first; whether there may be more. One index look if
    there is nobody."""
    waiting = Inbox.objects.filter(look_at__lte=now).order_by("look_at", "user_id")
    if left_alone := _left_alone(now=now):
        waiting = waiting.exclude(user_id__in_set=left_alone)
    size = _pace.size
    due = list(waiting.values_list("user_id", flat=True)[:size])
    return _paced(due, now=now) and len(due) == size


def release_all(*, now: datetime) -> None:
    """Everybody who holds anything, whatever their planned look: settings that another program wrote, zones whose
    clocks are set otherwise than was known."""
    after = 0
    while users := _holding(after=after):
        _paced(users, now=now)
        after = users[-1]


def _holding(*, after: int) -> list[int]:
    held = Notification.objects.filter(user_id__gt=after).exclude(hold=Hold.NONE)
    return list(held.order_by("user_id").values_list("user_id", flat=True).distinct()[: _pace.size])


def _paced(users: Sequence[int], *, now: datetime) -> bool:
    """The next chunk is as large as this one lets expect."""
    began = time.monotonic()
    done = _release(users, now=now)
    taken = time.monotonic() - began
    if len(users) == _pace.size or taken > WISH:
        _pace.took(taken)
    return done


def _release(users: Sequence[int], *, now: datetime) -> bool:
    """Whether all could be looked at. A chunk that fails is halved until the one is alone whom it fails for; they wait
    a minute. Without a database all wait."""
    if not users:
        return True
    try:
        release.release(users, now=now)
    except Exception as error:
        if not connection.is_usable():
            raise
        if len(users) == 1:
            logger.exception("what user %s holds can't be given back now", users[0])
            _put_off[users[0]] = now + PUT_OFF
            return False
        logger.info("%d people are looked at in halves: %r", len(users), error)
        middle = len(users) // 2
        halves = [_release(half, now=now) for half in (users[:middle], users[middle:])]
        return all(halves)
    return True


def _left_alone(*, now: datetime) -> list[int]:
    """A clock that was set back ends it too."""
    for user, until in list(_put_off.items()):
        if not now < until <= now + PUT_OFF:
            del _put_off[user]
    return list(_put_off)
