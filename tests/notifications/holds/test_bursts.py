"""What follows the first of a burst comes back at its window's end, as one summary for each burst."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from events.bus import publish
from events.memberships import grant
from notifications.holds import undo
from notifications.inbox import feed, marking
from notifications.models import Notification, Summary
from notifications.preferences.settings import change_settings
from tests.notifications.factories.holds import HOUR, next_check_at, release_due
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, define, route, store_preference
from tests.own_settings import own

if TYPE_CHECKING:
    from events.bus import Entity

pytestmark = pytest.mark.django_db

COMMENT = "odd.comment"
MINUTE = timedelta(minutes=1)
END = NOON + 5 * MINUTE


@pytest.fixture
def mailed(watcher, recorder):
    for source in (JOB, OTHER_JOB):
        grant(source, user=watcher, role="watcher")
    define(COMMENT, category="odd", audience=["watchers"], burst_seconds=300)
    store_preference(watcher, COMMENT, channels=["in_app", "email"])
    return watcher


def comment(number: int = 1, *, on: Entity = JOB, at=NOON) -> None:
    route(*[publish(COMMENT, source=on) for _ in range(number)], now=at)


def given() -> list[tuple[str, int]]:
    return list(Summary.objects.order_by("pk").values_list("kind", "count"))


def test_thirty_comments_are_one_unread_row_and_two_messages(mailed, recorder):
    for second in range(30):
        comment(at=NOON + timedelta(seconds=second))
    assert release_due(now=END - MINUTE) == []
    [summary] = release_due(now=END)
    assert (summary.kind, summary.count, summary.seq) == ("burst", 29, 0)
    assert (len(recorder.opened), len(recorder.summaries), marking.state(mailed.pk).unread_count) == (1, 1, 1)
    assert (Notification.objects.exclude(hold="none").count(), next_check_at(mailed)) == (0, None)


def test_each_burst_has_a_summary_of_its_own(mailed, recorder):
    comment(3)
    comment(4, on=OTHER_JOB)
    release_due(now=END)
    assert (sorted(given()), len(recorder.summaries)) == ([("burst", 2), ("burst", 3)], 2)


def test_its_page_leads_to_the_head(mailed):
    comment(3)
    [summary] = release_due(now=END)
    assert [row.count for row in feed.page(mailed.pk, summary_id=summary.pk, state="")] == [3]


def test_one_comment_is_one_message(mailed, recorder):
    comment()
    assert (release_due(now=END), next_check_at(mailed), len(recorder.opened)) == ([], None, 1)


def test_what_was_read_meanwhile_isn_t_sent(mailed):
    comment(3)
    marking.mark_all(mailed.pk, now=NOON)
    assert (release_due(now=END), Notification.objects.exclude(hold="none").count()) == ([], 0)


def test_what_was_read_and_let_go_comes_as_one_when_that_is_undone(mailed, recorder):
    comment(4)
    batch = marking.mark_all(mailed.pk, now=NOON).batch
    release_due(now=END)
    undo.undo(mailed.pk, batch_id=batch or 0, now=END + MINUTE)
    release_due(now=END + MINUTE)
    assert (given(), len(recorder.opened)) == ([("burst", 3)], 1)


def test_undone_after_its_summary_it_is_told_no_second_time(mailed, recorder):
    comment(4)
    release_due(now=END)
    batch = marking.mark_all(mailed.pk, now=END).batch
    undo.undo(mailed.pk, batch_id=batch or 0, now=END + MINUTE)
    release_due(now=END + MINUTE)
    assert given() == [("burst", 3)]


@pytest.mark.parametrize(
    ("chosen", "hold"),
    [({"dnd_enabled": True}, "dnd"), ({"digest_enabled": True, "digest_interval": "daily"}, "digest")],
)
def test_due_under_another_hold_it_becomes_that(mailed, chosen, hold):
    comment(3)
    change_settings(mailed.pk, now=NOON, **chosen)
    assert release_due(now=END) == []
    held = Notification.objects.exclude(hold="none")
    assert set(held.values_list("hold", "hold_until")) == {(hold, None)}


def test_nothing_overwrites_a_window_that_runs(mailed):
    comment(3)
    change_settings(mailed.pk, now=NOON, dnd_enabled=True, dnd_until=NOON + MINUTE)
    comment(2, on=OTHER_JOB)
    release_due(now=NOON + MINUTE)
    assert set(Notification.objects.exclude(hold="none").values_list("hold_until", flat=True)) == {END}
    assert given() == [("dnd", 2)]


def test_a_digest_that_is_due_takes_it_along(mailed):
    comment(3, at=NOON + HOUR - 5 * MINUTE)
    change_settings(mailed.pk, now=NOON + HOUR - 4 * MINUTE, digest_enabled=True, digest_interval="hourly")
    comment(on=OTHER_JOB, at=NOON + HOUR - 3 * MINUTE)
    release_due(now=NOON + HOUR)
    assert given() == [("digest", 3)]


def test_beside_a_full_hour_it_comes_by_itself(mailed, settings):
    own(settings, HOURLY_CAPS={"email": 1})
    comment(3, at=NOON + 56 * MINUTE)
    for number in range(2):
        route(publish("job.completed", actor=mailed, source=OTHER_JOB), now=NOON + (56 + number) * MINUTE)
    release_due(now=NOON + 3 * HOUR)
    assert ("burst", 2) in given()
