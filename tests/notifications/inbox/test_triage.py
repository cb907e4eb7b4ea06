"""Done and snoozed: out of the feed and the badge, and back; one reference says what is where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.bus import publish
from events.errors import MomentRefused
from events.memberships import grant
from notifications.holds import due, undo
from notifications.inbox import feed, marking, surfacing, triage
from notifications.inbox.push import Push
from notifications.models import Inbox, Notification
from tests.conftest import person
from tests.notifications.factories.routing import JOB, NOON, publish_and_route, route
from tests.notifications.references.triage import Reference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]
HOUR = timedelta(hours=1)


def ids(user, state: str = "inbox") -> list[int]:
    return [row.pk for row in feed.page(user.pk, state=state)]


def act(user, *rows: int, action: str, **more: Any) -> marking.State:
    return triage.act(user.pk, ids=rows, action=action, now=NOON, **more)


@pytest.fixture
def rows(owner) -> list[int]:
    """Ids of three, the newest first."""
    for name in ("review.submitted", "review.comment", "review.approved"):
        publish_and_route(name, source=JOB)
    return ids(owner)


def test_done_reads_and_leaves_the_feed(owner, rows):
    assert act(owner, rows[0], action="done").unread_count == 2
    assert (ids(owner), ids(owner, "done")) == (rows[1:], rows[:1])
    assert Notification.objects.get(pk=rows[0]).is_read


def test_undone_is_back_at_its_old_place_and_read(owner, rows):
    act(owner, *rows[1:], action="done")
    assert act(owner, *rows[1:], action="undone").unread_count == 1
    assert ids(owner) == rows


def test_undo_of_done_leaves_read_what_was_read(owner, rows):
    act(owner, rows[0], action="read")
    batch = triage.done(owner.pk, ids=rows, now=NOON + HOUR).batch
    undo.undo(owner.pk, batch_id=batch or 0, now=NOON)
    unread = [row.pk for row in feed.page(owner.pk, unread_only=True)]
    assert (ids(owner), unread, marking.state(owner.pk).unread_count) == (rows, rows[1:], 2)


def test_undo_of_a_reading_leaves_done_what_was_done_since(owner, rows):
    batch = act(owner, *rows, action="read").batch
    triage.done(owner.pk, ids=rows[:1], now=NOON + HOUR)
    undo.undo(owner.pk, batch_id=batch or 0, now=NOON + HOUR)
    assert (ids(owner), marking.state(owner.pk).unread_count) == (rows[1:], 2)


def test_snoozed_leaves_feed_and_badge_and_stays_unread(owner, rows):
    assert act(owner, rows[0], action="snooze", until=NOON + HOUR).unread_count == 2
    assert (ids(owner), ids(owner, "snoozed")) == (rows[1:], rows[:1])
    assert not Notification.objects.get(pk=rows[0]).is_read


def test_unsnoozed_is_back_at_its_old_place_and_unread(owner, rows):
    act(owner, rows[1], action="snooze", until=NOON + HOUR)
    assert act(owner, rows[1], action="unsnooze").unread_count == 3
    assert ids(owner) == rows


def test_read_all_spares_what_is_snoozed(owner, rows):
    act(owner, rows[0], action="snooze", until=NOON + HOUR)
    marking.mark_all(owner.pk, now=NOON)
    assert list(Notification.objects.filter(user=owner, is_read=False).values_list("pk", flat=True)) == rows[:1]


@pytest.mark.parametrize("action", ["done", "snooze"])
def test_a_later_event_replaces_nothing_that_is_away(owner, action):
    publish_and_route("job.started", source=JOB)
    [started] = ids(owner)
    act(owner, started, action=action, until=NOON + HOUR)
    act(owner, started, action="unread")
    publish_and_route("job.completed", source=JOB)
    assert started not in ids(owner)
    assert len(ids(owner)) == marking.state(owner.pk).unread_count == 1


@pytest.mark.parametrize("until", [NOON, NOON - HOUR, NOON + timedelta(days=367)])
def test_a_snooze_ends_in_the_future_and_within_a_year(owner, rows, until):
    with pytest.raises(MomentRefused):
        act(owner, rows[0], action="snooze", until=until)


@pytest.mark.parametrize("action", triage.ACTIONS)
def test_another_person_s_row_is_nobody_s_and_nothing_changes(owner, outsider, rows, action):
    with pytest.raises(Notification.DoesNotExist):
        act(outsider, *rows, action=action, until=NOON + HOUR)
    assert marking.state(owner.pk).unread_count == 3


@pytest.mark.parametrize("action", triage.ACTIONS)
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(owner, rows, action):
    before = {"read": "unread", "unread": "read", "done": "undone", "undone": "done", "unsnooze": "snooze"}
    counts = []
    for number, some in enumerate((rows[:1], rows), start=1):
        act(owner, *rows, action=before.get(action, "unsnooze"), until=NOON + HOUR)
        with CaptureQueriesContext(connection) as counted:
            act(owner, *some, action=action, until=NOON + number * HOUR)
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_many_that_come_back_are_fetched_anew_rather_than_named(
    owner, rows, monkeypatch, django_capture_on_commit_callbacks
):
    act(owner, *rows, action="done")
    pushed: list[Push] = []
    monkeypatch.setattr("notifications.inbox.push.push", lambda pushes, **_: pushed.extend(pushes))
    monkeypatch.setattr(surfacing, "MOST_TOLD", 2)
    with django_capture_on_commit_callbacks(execute=True):
        state = act(owner, *rows, action="undone")
    assert [one.frame for one in pushed] == [{"type": "resync", "seq": state.seq, "unread_count": 0}]


PLACES = st.sets(st.integers(0, 3), max_size=3)
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(triage.ACTIONS), PLACES, st.integers(1, 4)),
    st.tuples(st.sampled_from(["tell", "wake", "read_all"]), st.none(), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 3), st.none()),
)


class TestReference(TestCase):
    """Whatever is told, read, done, snoozed, woken and undone, in any order."""

    @given(st.lists(OPERATIONS, max_size=14))
    @settings(max_examples=25, deadline=None)
    def test_feed_and_badge_are_those_of_the_reference(self, operations):
        user = person("ann")
        grant(JOB, user=user, role="owner")
        batches: list[int] = []
        reference = Reference()
        for step, (operation, target, hours) in enumerate([("tell", None, None)] * 2 + operations):
            now = NOON + step * HOUR
            rows = sorted(reference.rows)
            if operation == "tell":
                route(publish("review.submitted", source=JOB), now=now)
                reference.tell(Notification.objects.latest("pk").pk)
            elif operation == "wake":
                due.release_due(now=now)
                reference.wake(now)
            elif operation == "undo" and batches:
                undo.undo(user.pk, batch_id=batches[target % len(batches)], now=now)
                reference.undo(batches[target % len(batches)])
            elif operation == "read_all":
                batches += [state.batch] if (state := marking.mark_all(user.pk, now=now)).batch else []
                reference.act([pk for pk in rows if reference.counts(pk)], "read", now, batch=state.batch)
            elif operation in triage.ACTIONS:
                named = [rows[place] for place in target if place < len(rows)]
                until = now + hours * HOUR
                state = triage.act(user.pk, ids=named, action=operation, until=until, now=now)
                batches += [state.batch] if state.batch else []
                reference.act(named, operation, now, batch=state.batch, until=until)
            assert [row.pk for row in feed.page(user.pk)] == reference.feed()
            assert marking.state(user.pk).unread_count == reference.badge()
            ends = reference.ends()
            assert not ends or Inbox.objects.filter(pk=user.pk, next_check_at__lte=min(ends)).exists()
