"""More rows of one type than a person can take within a minute share one row of the feed; none is dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from events.bus import Entity, publish
from notifications.inbox import feed
from notifications.models import Inbox, Notification
from tests.notifications.factories.routing import NOON, define, route
from tests.own_settings import own

if TYPE_CHECKING:
    from events.accounts import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_most_three(settings) -> None:
    own(settings, STORM_LIMIT=3)


def finish(user: User, jobs: range, *, kind: str = "job.completed", at=NOON) -> None:
    """Tell of that many jobs, in one batch."""
    route(*[publish(kind, actor=user, source=Entity("job", number)) for number in jobs], now=at)


def shown(user: User) -> list[int]:
    assert Inbox.objects.get(pk=user.pk).unread_count == len(feed.page(user.pk))
    return [row.count for row in feed.page(user.pk)]


def test_what_is_more_folds_into_one_row_whatever_its_source(owner):
    finish(owner, range(8))
    assert shown(owner) == [5, 1, 1, 1]
    assert Notification.objects.filter(folded_into__isnull=False).count() == 4


def test_it_goes_on_from_batch_to_batch(owner):
    for number in range(8):
        finish(owner, range(number, number + 1))
    assert shown(owner) == [5, 1, 1, 1]


def test_another_minute_another_type_and_another_person_are_counted_anew(owner, member):
    finish(owner, range(4))
    finish(owner, range(10, 12), kind="job.failed")
    finish(member, range(20, 22))
    finish(owner, range(30, 31), at=NOON + timedelta(minutes=5))
    assert (shown(owner), shown(member)) == ([1] * 7, [1, 1])


def test_critical_types_pass(owner):
    define("odd.alarm", category="odd", is_critical=True)
    finish(owner, range(6), kind="odd.alarm")
    assert shown(owner) == [1] * 6


def test_no_limit_folds_nothing(owner, settings):
    own(settings, STORM_LIMIT=0)
    finish(owner, range(6))
    assert (shown(owner), Inbox.objects.get(pk=owner.pk).hourly) == ([1] * 6, "")
