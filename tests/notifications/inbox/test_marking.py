"""Reading and unreading; the counts are always what the feed shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.bus import Entity, NewEvent, publish_many
from events.memberships import grant
from events.models import Event
from notifications.holds import due, undo
from notifications.inbox import feed, marking, triage
from notifications.inbox.marking import State
from notifications.models import Inbox, Notification, ReadingBatch
from tests.conftest import person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    publish_and_route,
    route,
    store_preference,
    store_settings,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def row(user, event: Event, channel: str = "in_app") -> Notification:
    return Notification.objects.get(user=user, event=event, channel=channel)


def mark(user, *events: Event, is_read: bool = True) -> State:
    return marking.mark(user.pk, ids=[row(user, event).pk for event in events], is_read=is_read, now=NOON)


def unread(user) -> list[str]:
    return [one.event.event_type.name for one in feed.page(user.pk, unread_only=True)]


@pytest.fixture
def three(owner) -> list[Event]:
    return [
        publish_and_route("review.submitted", source=JOB),
        publish_and_route("review.comment", source=JOB),
        publish_and_route("job.completed", source=JOB),
    ]


def test_somebody_nobody_told_anything_has_an_empty_inbox(owner):
    assert marking.state(owner.pk) == State(0, 0)


def test_reading_one_counts_down_and_raises_the_seq(owner, three):
    assert mark(owner, three[1]) == State(seq=4, unread_count=2) == marking.state(owner.pk)
    assert unread(owner) == ["job.completed", "review.submitted"]


def test_reading_notes_when(owner, three):
    mark(owner, three[0])
    assert row(owner, three[0]).read_at == NOON


def test_reading_again_changes_nothing(owner, three):
    assert mark(owner, three[0]) == mark(owner, three[0])


def test_reading_one_does_not_move_it(owner, three):
    mark(owner, three[0])
    assert [one.feed_seq for one in feed.page(owner.pk)] == [3, 2, 1]


def test_several_are_one_change(owner, three):
    assert mark(owner, *three) == State(seq=4, unread_count=0)


def test_unread_undoes_it(owner, three):
    mark(owner, *three)
    assert mark(owner, *three[:2], is_read=False) == State(seq=5, unread_count=2)
    assert row(owner, three[0]).read_at is None


def test_reading_covers_the_event_on_every_channel(owner):
    store_preference(owner, "review.submitted", channels=["in_app", "email"])
    event = publish_and_route("review.submitted", source=JOB)
    assert mark(owner, event).unread_count == 0
    assert row(owner, event, "email").is_read


def test_reading_all_covers_the_events_on_every_channel(owner):
    store_preference(owner, "review.submitted", channels=["in_app", "email"])
    event = publish_and_route("review.submitted", source=JOB)
    marking.mark_all(owner.pk, now=NOON)
    assert row(owner, event, "email").is_read


def test_reading_all_covers_what_was_replaced_on_every_channel(owner):
    """The e-mail of `started` is as read as the row in the feed that became `completed`."""
    store_preference(owner, "job.started", channels=["in_app", "email"])
    started = publish_and_route("job.started", source=JOB)
    publish_and_route("job.completed", source=JOB)
    marking.mark_all(owner.pk, now=NOON)
    assert row(owner, started, "email").is_read


def test_reading_one_covers_what_was_replaced_on_every_channel(owner):
    store_preference(owner, "job.started", channels=["in_app", "email"])
    started = publish_and_route("job.started", source=JOB)
    mark(owner, publish_and_route("job.completed", source=JOB))
    assert row(owner, started, "email").is_read


@pytest.mark.parametrize("is_read", [True, False])
def test_another_persons_row_is_not_there(owner, watcher, three, is_read):
    with pytest.raises(Notification.DoesNotExist):
        marking.mark(watcher.pk, ids=[row(owner, three[2]).pk], is_read=is_read, now=NOON)


def test_one_wrong_id_among_many_changes_nothing(owner, three):
    with pytest.raises(Notification.DoesNotExist):
        marking.mark(owner.pk, ids=[row(owner, three[0]).pk, 2**63 - 1], is_read=True, now=NOON)
    assert marking.state(owner.pk) == State(3, 3)


def test_a_row_of_another_channel_is_not_in_the_feed_and_not_there(owner):
    store_preference(owner, "review.submitted", channels=["in_app", "email"])
    email = row(owner, publish_and_route("review.submitted", source=JOB), "email")
    with pytest.raises(Notification.DoesNotExist):
        marking.mark(owner.pk, ids=[email.pk], is_read=True, now=NOON)


def test_no_id_changes_nothing(owner, three):
    assert marking.mark(owner.pk, ids=[], is_read=True, now=NOON) == State(3, 3)


def test_the_same_id_twice_counts_once(owner, three):
    assert mark(owner, three[0], three[0]) == State(4, 2)


def test_a_thousand_jobs_are_read_at_once(owner):
    route(*publish_many([NewEvent("job.started", Entity("job", number), owner) for number in range(1000, 2100)]))
    ids = [one.pk for one in feed.page(owner.pk, limit=2000)]
    assert marking.mark(owner.pk, ids=ids, is_read=True, now=NOON).unread_count == 0


def test_reading_all_leaves_nothing(owner, three):
    assert marking.mark_all(owner.pk, now=NOON) == State(4, 0)
    assert unread(owner) == []


def test_reading_all_again_changes_nothing(owner, three):
    assert marking.mark_all(owner.pk, now=NOON) == marking.mark_all(owner.pk, now=NOON)


def test_reading_all_leaves_what_surfaced_later(owner, three):
    """What came in while the page was open is still unread."""
    assert marking.mark_all(owner.pk, now=NOON, up_to=2).unread_count == 1
    assert unread(owner) == ["job.completed"]


def test_reading_all_leaves_what_was_replaced_meanwhile(owner):
    publish_and_route("job.started", source=JOB)
    seen = marking.state(owner.pk).seq
    publish_and_route("job.failed", source=JOB)
    assert marking.mark_all(owner.pk, now=NOON, up_to=seen).unread_count == 1


def test_reading_all_goes_by_when_it_surfaced_not_by_when_it_changed(owner, three):
    mark(owner, three[0])
    mark(owner, three[0], is_read=False)
    assert marking.mark_all(owner.pk, now=NOON, up_to=1).unread_count == 2


def test_reading_all_of_a_category_leaves_the_others(owner, three):
    assert marking.mark_all(owner.pk, now=NOON, category="review").unread_count == 1
    assert unread(owner) == ["job.completed"]


def test_reading_all_is_ones_own(owner, watcher, three):
    marking.mark_all(owner.pk, now=NOON)
    assert marking.state(watcher.pk) == State(1, 1)


def test_held_rows_are_read_too(owner):
    store_settings(owner, dnd_enabled=True)
    publish_and_route("job.completed", source=JOB)
    assert marking.mark_all(owner.pk, now=NOON).unread_count == 0


def test_unread_by_category_says_what_there_is(owner, three):
    assert feed.unread_by_category(owner.pk) == {"review": 2, "job": 1}


OPERATIONS = st.one_of(
    st.tuples(
        st.just("tell"),
        st.sampled_from(["job.started", "job.progress", "job.completed", "review.submitted"]),
        st.sampled_from([JOB, OTHER_JOB]),
    ),
    st.tuples(st.just("mark"), st.lists(st.integers(0, 5), max_size=3), st.booleans()),
    st.tuples(st.just("triage"), st.lists(st.integers(0, 5), max_size=3), st.sampled_from(triage.ACTIONS)),
    st.tuples(st.sampled_from(["wake", "undo"])),
    st.tuples(st.just("all"), st.none() | st.integers(0, 12), st.none() | st.sampled_from(["job", "review", "system"])),
)


class TestCounts(TestCase):
    """Whatever is told, replaced, read, done, snoozed, woken and undone, in any order."""

    @given(st.lists(OPERATIONS, max_size=12))
    @settings(max_examples=20, deadline=None)
    def test_the_counts_are_always_those_of_the_feed(self, operations):
        user = person("ann")
        grant(JOB, user=user, role="owner")
        grant(OTHER_JOB, user=user, role="owner")
        seq = 0
        for operation, *arguments in operations:
            getattr(self, f"_{operation}")(user, *arguments)
            seq = self._check(user, after=seq)

    def _tell(self, _user, name, source) -> None:
        publish_and_route(name, source=source)

    def _mark(self, user, places, is_read) -> None:
        ids = [one.pk for place, one in enumerate(feed.page(user.pk)) if place in places]
        marking.mark(user.pk, ids=ids, is_read=is_read, now=NOON)

    def _triage(self, user, places, action) -> None:
        ids = [one.pk for place, one in enumerate(feed.page(user.pk, state="")) if place in places]
        triage.act(user.pk, ids=ids, action=action, now=NOON, until=NOON + timedelta(hours=1))

    def _wake(self, _user) -> None:
        due.release_due(now=NOON + timedelta(hours=1))

    def _undo(self, user) -> None:
        if batch := ReadingBatch.objects.filter(user=user).last():
            undo.undo(user.pk, batch_id=batch.pk, now=NOON)

    def _all(self, user, up_to, category) -> None:
        marking.mark_all(user.pk, now=NOON, up_to=up_to, category=category)

    def _check(self, user, *, after: int) -> int:
        rows = feed.page(user.pk, limit=100)
        state = marking.state(user.pk)
        assert state.unread_count == sum(not one.is_read for one in rows)
        assert state.unread_count == sum(feed.unread_by_category(user.pk).values())
        assert state.seq >= after
        assert all(one.feed_seq <= one.seq <= state.seq for one in rows)
        assert len({one.feed_seq for one in rows}) == len(rows)
        assert all((one.read_at is not None) == one.is_read for one in rows)
        return state.seq


def test_locking_makes_the_row_of_somebody_new(owner):
    assert marking.lock(owner.pk).seq == 0
    assert Inbox.objects.filter(pk=owner.pk).exists()
