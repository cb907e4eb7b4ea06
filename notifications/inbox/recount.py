"""Badges recounted: those that another program made wrong are found, and mended under the locks of their inboxes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count

from events import accounts
from notifications.inbox import removal
from notifications.models import Inbox, Notification

BATCH = 500


class Wrong(NamedTuple):
    user_id: int
    said: int
    counted: int


def everybody() -> Iterator[list[int]]:
    """Ids of all people, batch by batch."""
    after = 0
    while users := list(accounts.everyone().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield users
        after = users[-1]


def wrong_among(users: Sequence[int]) -> list[Wrong]:
    """Find people whose badge doesn't say what they have unread. Two queries."""
    said = dict(Inbox.objects.filter(user_id__in_set=users).values_list("user_id", "unread_count"))
    rows = Notification.objects.filter(user_id__in_set=users).counted().order_by()
    counted = dict(rows.values_list("user_id").annotate(Count("pk")))
    found = [Wrong(user, said.get(user, 0), counted.get(user, 0)) for user in users]
    return [one for one in found if one.said != one.counted]


def mend(users: Sequence[int]) -> list[Wrong]:
    """Correct the badges of these people, but of those whose inbox somebody else has in hand; their tabs fetch their
    feeds anew."""
    with transaction.atomic():
        mended = wrong_among(sorted(removal.lock(users)))
        removal.leave([removal.Removed(one.user_id, None, one.said - one.counted) for one in mended])
        return mended
