"""Snoozed rows come back at their moment: on top, unread, once, whatever runs or ran beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.holds import due
from notifications.inbox import feed, marking, triage
from notifications.inbox.push import Push
from notifications.models import Inbox, Notification
from tests.events.concurrency import at_once
from tests.notifications.factories.holds import HOUR, hold, release_due
from tests.notifications.factories.routing import JOB, NOON, publish_and_route, store_settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture
def snoozed(owner) -> int:
    """Id of a row under a newer one, snoozed for an hour."""
    publish_and_route("review.submitted", source=JOB)
    publish_and_route("review.comment", source=JOB)
    [_newer, older] = feed.page(owner.pk)
    triage.snooze(owner.pk, ids=[older.pk], until=NOON + HOUR, now=NOON)
    return older.pk


def test_it_comes_back_on_top_and_unread_once(owner, snoozed):
    due.release_due(now=NOON + HOUR)
    due.release_due(now=NOON + HOUR)
    top, state = feed.page(owner.pk)[0], marking.state(owner.pk)
    assert (top.pk, top.is_read, top.snoozed_until, top.created_at) == (snoozed, False, None, NOON + HOUR)
    assert (state.unread_count, state.seq) == (2, top.feed_seq)


def test_it_does_not_come_back_before_its_moment(owner, snoozed):
    due.release_due(now=NOON + HOUR - timedelta(seconds=1))
    assert len(feed.page(owner.pk)) == 1


def test_it_comes_back_after_days_of_downtime(owner, snoozed):
    due.release_due(now=NOON + timedelta(days=9))
    assert feed.page(owner.pk)[0].pk == snoozed


def test_read_meanwhile_it_comes_back_all_the_same(owner, snoozed):
    marking.mark(owner.pk, ids=[snoozed], is_read=True, now=NOON)
    due.release_due(now=NOON + HOUR)
    assert (feed.page(owner.pk)[0].pk, marking.state(owner.pk).unread_count) == (snoozed, 2)


def test_done_meanwhile_it_stays_away(owner, snoozed):
    triage.done(owner.pk, ids=[snoozed], now=NOON)
    due.release_due(now=NOON + HOUR)
    assert [row.pk for row in feed.page(owner.pk, state="done")] == [snoozed]


def test_snoozed_again_it_comes_back_at_the_later_moment(owner, snoozed):
    triage.snooze(owner.pk, ids=[snoozed], until=NOON + 2 * HOUR, now=NOON)
    due.release_due(now=NOON + HOUR)
    assert len(feed.page(owner.pk)) == 1
    due.release_due(now=NOON + 2 * HOUR)
    assert feed.page(owner.pk)[0].pk == snoozed


def test_what_do_not_disturb_holds_is_released_in_time_beside_a_later_snooze(owner, snoozed):
    triage.snooze(owner.pk, ids=[snoozed], until=NOON + 9 * HOUR, now=NOON)
    hold(owner, "job.completed", dnd_enabled=True, dnd_until=NOON + 2 * HOUR)
    assert [summary.count for summary in release_due(now=NOON + 2 * HOUR)] == [1]
    due.release_due(now=NOON + 9 * HOUR)
    assert feed.page(owner.pk)[0].pk == snoozed


def test_a_check_on_the_hour_finds_what_another_program_snoozed(owner, snoozed):
    Inbox.objects.update(next_check_at=None)
    due.release_all(now=NOON + HOUR)
    assert feed.page(owner.pk)[0].pk == snoozed


@pytest.mark.parametrize(("dnd", "toast"), [(False, True), (True, False)])
def test_it_rings_unless_its_person_is_not_to_be_disturbed(
    owner, snoozed, dnd, toast, monkeypatch, django_capture_on_commit_callbacks
):
    pushed: list[Push] = []
    monkeypatch.setattr("notifications.inbox.push.push", lambda pushes, **_: pushed.extend(pushes))
    store_settings(owner, dnd_enabled=dnd)
    with django_capture_on_commit_callbacks(execute=True):
        due.release_due(now=NOON + HOUR)
    [frame] = [one.frame for one in pushed if "own" in one.frame]
    assert (frame["own"]["id"], frame["toast"], frame["unread_count"]) == (snoozed, toast, 2)


def test_the_number_of_queries_does_not_depend_on_how_many_wake(owner, watcher, snoozed):
    later = NOON + 2 * HOUR
    counts = []
    for people in ((owner,), (owner, watcher)):
        for user in people:
            triage.snooze(user.pk, ids=[row.pk for row in feed.page(user.pk, state="")], until=later, now=NOON)
        with CaptureQueriesContext(connection) as counted:
            due.release_due(now=later)
        counts.append(len(counted))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_four_closers_wake_it_once(owner, snoozed):
    before = marking.state(owner.pk).seq
    at_once(*[lambda: due.release_due(now=NOON + HOUR)] * 4)
    assert marking.state(owner.pk) == marking.State(before + 1, 2)
    assert not Notification.objects.filter(snoozed_until__isnull=False).exists()
