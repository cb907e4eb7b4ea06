"""Events of one type and source within a window are one row of the feed, and one more message elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from events.bus import Entity, publish
from events.memberships import grant
from notifications.holds import undo
from notifications.inbox import feed, marking, removal, triage
from notifications.models import Inbox, Notification
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, define, route, store_preference

if TYPE_CHECKING:
    from events.accounts import User
    from events.models import Event

pytestmark = pytest.mark.django_db

COMMENT = "odd.comment"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _commented(watcher) -> None:
    for source in (JOB, OTHER_JOB):
        grant(source, user=watcher, role="watcher")
    define(COMMENT, category="odd", audience=["watchers"], burst_seconds=300)


def comment(number: int = 1, *, by: User | None = None, on: Entity | None = JOB, at=NOON) -> list[Event]:
    """Comment so many times, in one batch."""
    events = [publish(COMMENT, actor=by, source=on) for _ in range(number)]
    route(*events, now=at)
    return events


def shown(user: User) -> list[int]:
    """How many events each row of the feed shows, the newest first; the badge counts what is unread of them."""
    page = feed.page(user.pk, state="")
    counted = [row for row in page if not (row.is_read or row.done_at or row.snoozed_until)]
    assert Inbox.objects.get(pk=user.pk).unread_count == len(counted)
    return [row.count for row in page]


@pytest.mark.parametrize("batches", [[30], [1] * 5, [2, 3, 1]])
def test_a_burst_is_one_row_that_shows_its_last_event(watcher, batches):
    events = [event for number in batches for event in comment(number)]
    [row] = feed.page(watcher.pk)
    assert (row.event_id, row.count, shown(watcher)) == (events[-1].pk, len(events), [len(events)])


def test_every_event_keeps_a_row_of_its_own_that_points_to_the_head(watcher):
    events = comment() + comment(2) + comment()
    rows = Notification.objects.filter(user=watcher, channel="in_app")
    [head] = feed.page(watcher.pk)
    assert sorted(rows.values_list("event_id", "folded_into")) == [
        *((event.pk, head.pk) for event in events[:-1]),
        (events[-1].pk, None),
    ]


def test_it_comes_on_top_and_keeps_its_id(watcher):
    comment()
    [before] = feed.page(watcher.pk)
    comment(on=OTHER_JOB)
    comment()
    page = feed.page(watcher.pk)
    assert (page[0].pk, page[0].seq, page[0].feed_seq) == (before.pk, 3, 3)


def test_the_last_who_did_it_come_first(watcher, owner, member, outsider):
    for somebody in (owner, member, owner, outsider):
        comment(by=somebody)
    [row] = feed.page(watcher.pk)
    assert feed.as_json(row)["actors"] == [outsider.pk, owner.pk, member.pk]


def test_the_window_runs_from_the_first(watcher):
    comment()
    comment(at=NOON + 4 * MINUTE)
    comment(at=NOON + 5 * MINUTE)
    assert shown(watcher) == [1, 2]


def test_another_source_or_none_is_another_row(watcher):
    comment(2)
    comment(2, on=OTHER_JOB)
    assert shown(watcher) == [2, 2]


def read(user: User) -> None:
    marking.mark_all(user.pk, now=NOON)


def finish(user: User) -> None:
    triage.done(user.pk, ids=[feed.page(user.pk)[0].pk], now=NOON)


def snooze(user: User) -> None:
    triage.snooze(user.pk, ids=[feed.page(user.pk)[0].pk], until=NOON + 60 * MINUTE, now=NOON)


@pytest.mark.parametrize("end", [read, finish, snooze])
def test_reading_ends_the_folding(watcher, end):
    comment(3)
    end(watcher)
    comment(2, at=NOON + MINUTE)
    assert sorted(shown(watcher)) == [2, 3]


def test_reading_the_head_reads_all_of_it_and_undo_takes_it_back(watcher):
    comment(3)
    state = marking.mark(watcher.pk, ids=[feed.page(watcher.pk)[0].pk], is_read=True, now=NOON)
    assert (state.unread_count, Notification.objects.filter(is_read=False).count()) == (0, 0)
    undo.undo(watcher.pk, batch_id=state.batch or 0, now=NOON)
    assert (shown(watcher), Notification.objects.filter(is_read=True).count()) == ([3], 0)


def test_a_link_to_any_of_its_events_leads_to_the_head_and_reads_it(watcher):
    store_preference(watcher, COMMENT, channels=["in_app", "email"])
    comment(3)
    [head] = feed.page(watcher.pk)
    for row in Notification.objects.filter(user=watcher, channel="email"):
        assert feed.get_linked(watcher.pk, notification_id=row.pk) == head
    marking.read_from(watcher.pk, notification_id=row.pk, now=NOON)
    assert not Notification.objects.filter(is_read=False).exists()


def test_what_is_folded_is_no_row_of_the_feed(watcher):
    comment(2)
    folded = Notification.objects.get(folded_into__isnull=False)
    with pytest.raises(Notification.DoesNotExist):
        triage.done(watcher.pk, ids=[folded.pk], now=NOON)
    assert [row.count for row in feed.changed_since(watcher.pk, seq=0, limit=9)] == [2]
    assert [row.count for row in feed.page(watcher.pk, state="", search_text="job:42")] == [2]


def test_a_head_that_is_removed_takes_along_what_it_showed(watcher):
    comment(3)
    removal.remove(Notification.objects.filter(folded_into=None))
    assert (shown(watcher), Notification.objects.count()) == ([], 0)


def test_replay_tells_nobody_twice(watcher):
    events = comment() + comment(2)
    route(*events)
    assert (shown(watcher), Notification.objects.count()) == ([3], 3)


def test_critical_types_never_fold(watcher):
    define("odd.alarm", category="odd", audience=["watchers"], burst_seconds=300, is_critical=True)
    route(*[publish("odd.alarm", source=JOB) for _ in range(3)])
    assert shown(watcher) == [1, 1, 1]


def test_elsewhere_the_first_goes_at_once_and_the_rest_waits_for_the_window_s_end(watcher, recorder):
    store_preference(watcher, COMMENT, channels=["in_app", "email"])
    comment(2)
    comment(at=NOON + MINUTE)
    rows = Notification.objects.filter(channel="email").order_by("event_id")
    assert list(rows.values_list("hold", "hold_until")) == [("none", None), *[("burst", NOON + 5 * MINUTE)] * 2]
    assert (len(recorder.opened), Inbox.objects.get(pk=watcher.pk).next_check_at) == (1, NOON + 5 * MINUTE)


def test_who_has_it_by_mail_alone_has_no_row_and_the_same_two_messages(watcher, recorder):
    store_preference(watcher, COMMENT, channels=["email"])
    comment(3)
    assert (shown(watcher), len(recorder.opened)) == ([], 1)
    assert set(Notification.objects.values_list("hold", flat=True)) == {"none", "burst"}
