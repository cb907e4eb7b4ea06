"""Undo is the inverse of reading, at any size, and spares what changed since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.memberships import grant
from notifications.holds.undo import undo
from notifications.inbox import marking, removal
from notifications.models import Inbox, Notification, ReadingBatch, Summary
from notifications.pages.feed import notes_of
from notifications.websocket import snapshot
from tests.conftest import person
from tests.notifications.factories.holds import HOUR, hold, holds, prefer_mail, release_due
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, publish_and_route, store_settings
from tests.own_settings import own

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")


def rows(user) -> list[tuple[object, ...]]:
    """All of a person's rows, but for the numbers that every change raises."""
    columns = ("pk", "channel", "is_read", "read_at", "hold", "feed_seq", "summary_id", "reading_batch_id")
    return list(Notification.objects.filter(user=user).order_by("pk").values_list(*columns))


def notes(user) -> list[dict[str, object]]:
    """Lines above a person's feed, but for their numbers."""
    return [note | {"seq": None} for note in notes_of(user.pk)]


def read_all(user) -> int:
    batch = marking.mark_all(user.pk, now=NOON).batch
    assert batch is not None
    return batch


def undone(user, batch: int | None, *, now=NOON) -> marking.State:
    assert batch is not None
    return undo(user.pk, batch_id=batch, now=now)


def test_all_is_as_it_was(owner):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO)
    before = rows(owner)
    assert undone(owner, read_all(owner)) == marking.State(seq=4, unread_count=2)
    assert rows(owner) == before


def test_reading_one_is_undone_too(owner):
    hold(owner, *TWO)
    first = Notification.objects.filter(user=owner).earliest("pk")
    batch = marking.mark(owner.pk, ids=[first.pk], is_read=True, now=NOON).batch
    assert undone(owner, batch).unread_count == 2


def test_reading_what_is_read_makes_no_batch(owner):
    assert marking.mark_all(owner.pk, now=NOON).batch is None
    assert not ReadingBatch.objects.exists()


def test_a_second_undo_changes_nothing(owner):
    hold(owner, *TWO)
    batch = read_all(owner)
    assert undone(owner, batch) == undone(owner, batch)


def test_what_was_read_before_stays_read(owner):
    hold(owner, *TWO)
    first = Notification.objects.filter(user=owner).earliest("pk")
    marking.mark(owner.pk, ids=[first.pk], is_read=True, now=NOON)
    assert undone(owner, read_all(owner)).unread_count == 1


def test_what_was_read_anew_since_stays_read(owner):
    hold(owner, *TWO)
    batch, ids = read_all(owner), [Notification.objects.filter(user=owner).earliest("pk").pk]
    marking.mark(owner.pk, ids=ids, is_read=False, now=NOON)
    marking.mark(owner.pk, ids=ids, is_read=True, now=NOON)
    assert undone(owner, batch).unread_count == 1


def test_what_is_gone_meanwhile_is_no_error(owner):
    hold(owner, *TWO)
    batch = read_all(owner)
    removal.remove(Notification.objects.filter(pk=Notification.objects.earliest("pk").pk))
    assert undone(owner, batch).unread_count == 1


def test_another_persons_batch_is_not_there(owner, member):
    hold(owner, *TWO)
    batch = read_all(owner)
    with pytest.raises(ReadingBatch.DoesNotExist):
        undone(member, batch)
    assert marking.state(owner.pk).unread_count == 0


def test_summaries_come_back(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    release_due(now=NOON + HOUR)
    shown = notes(owner)
    batch = read_all(owner)
    assert notes(owner) == []
    undone(owner, batch)
    assert notes(owner) == shown != []


def test_reading_summaries_alone_raises_the_seq_and_can_be_undone(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [summary] = release_due(now=NOON + HOUR)
    ids = list(Notification.objects.filter(user=owner).values_list("pk", flat=True))
    known = marking.mark(owner.pk, ids=ids, is_read=True, now=NOON).seq
    batch = read_all(owner)
    [hello] = snapshot.since(owner.pk, seq=known, now=NOON)
    assert [frame["is_read"] for frame in hello["summaries"]] == [True]
    undone(owner, batch)
    summary.refresh_from_db()
    assert (summary.is_read, summary.seq) == (False, known + 2)


def test_a_summary_that_is_not_shown_in_the_app_stays_out_of_it(owner):
    Summary.objects.create(user=owner, kind="digest", window="w", count=2)
    state = marking.mark_all(owner.pk, now=NOON)
    undone(owner, state.batch)
    assert (state.seq, Summary.objects.get().seq, Summary.objects.get().is_read) == (0, 0, False)


def test_what_still_waits_waits_on(owner):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO, dnd_enabled=True)
    before = rows(owner)
    undone(owner, read_all(owner))
    assert rows(owner) == before


@pytest.fixture
def let_go(owner, recorder) -> int:
    """Batch of two held rows and their mails, whose waiting ended after they were read: no summary tells of them."""
    prefer_mail(owner, *TWO)
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    batch = read_all(owner)
    assert release_due(now=NOON + HOUR) == []
    return batch


def test_what_was_let_go_meanwhile_goes_out_now(owner, recorder, let_go):
    undone(owner, let_go, now=NOON + HOUR)
    assert [opened.channel for opened in recorder.opened] == ["email", "email"]
    assert set(holds(owner)) == {"none"}


def test_what_was_let_go_meanwhile_waits_where_one_must_wait_now(owner, recorder, let_go):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + 3 * HOUR)
    undone(owner, let_go, now=NOON + HOUR)
    assert recorder.opened == []
    [summary] = release_due(now=NOON + 3 * HOUR)
    assert summary.count == 2


def test_of_what_was_let_go_meanwhile_no_more_goes_than_an_hour_takes(owner, recorder, let_go, settings):
    own(settings, HOURLY_CAPS={"email": 1})
    undone(owner, let_go, now=NOON + HOUR)
    assert [opened.channel for opened in recorder.opened] == ["email"]
    [summary] = release_due(now=NOON + 2 * HOUR)
    assert (summary.kind, summary.count, set(holds(owner))) == ("burst", 1, {"none"})


def test_what_was_let_go_meanwhile_ends_with_the_hold_of_now_though_an_hour_ends_later(
    owner, recorder, let_go, settings
):
    own(settings, HOURLY_CAPS={"email": 1})
    undone(owner, let_go, now=NOON + HOUR)
    batch = read_all(owner)
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + 1.5 * HOUR)
    Notification.objects.filter(hold="burst").update(hold="none", hold_until=None)
    undone(owner, batch, now=NOON + HOUR)
    assert Inbox.objects.get(pk=owner.pk).next_check_at == NOON + 1.5 * HOUR


def test_what_went_out_before_is_not_opened_again(owner, recorder):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO)
    batch, opened = read_all(owner), list(recorder.opened)
    undone(owner, batch)
    assert recorder.opened == opened


def test_channels_are_asked_for_what_they_skipped(owner, recorder):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO)
    mails = list(Notification.objects.filter(channel="email").order_by("pk").values_list("pk", flat=True))
    undone(owner, read_all(owner), now=NOON + HOUR)
    assert recorder.reopened == [(mails, set(), NOON)]


def test_many_cost_as_many_queries_as_few(owner):
    counts = []
    for number in (2, 400):
        event = publish_and_route("review.submitted")
        Notification.objects.bulk_create(
            Notification(user=owner, event=event, channel=f"c{place}" if place else "in_app") for place in range(number)
        )
        Inbox.objects.update_or_create(user=owner, defaults={"unread_count": 1})
        batch = read_all(owner)
        with CaptureQueriesContext(connection) as queries:
            undone(owner, batch)
        read_all(owner)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_many_are_fetched_anew_rather_than_named(owner, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(marking, "MOST_IDS", 1)
    hold(owner, *TWO)
    batch, pushed = read_all(owner), []
    monkeypatch.setattr("notifications.inbox.push.push", lambda pushes, **_: pushed.extend(pushes))
    with django_capture_on_commit_callbacks(execute=True):
        undone(owner, batch)
    assert [one.frame for one in pushed] == [{"type": "resync", "seq": 4, "unread_count": 2}]


READINGS = st.one_of(
    st.tuples(st.just("some"), st.lists(st.integers(0, 7), min_size=1, max_size=4)),
    st.tuples(st.just("all"), st.none() | st.sampled_from(["job", "review", "system"])),
)
TOLD = st.tuples(
    st.sampled_from(["job.started", "job.progress", "job.completed", "review.submitted"]),
    st.sampled_from([JOB, OTHER_JOB]),
)


class TestInverse(TestCase):
    """Whatever is told, held, read before and read now."""

    @given(st.lists(TOLD, max_size=6), st.lists(READINGS, max_size=2), READINGS, st.booleans())
    @settings(max_examples=20, deadline=None)
    def test_reading_then_undo_is_the_identity(self, told, earlier, reading, is_held):
        user = person("ann")
        prefer_mail(user, "job.started", "review.submitted")
        store_settings(user, dnd_enabled=is_held)
        for source in (JOB, OTHER_JOB):
            grant(source, user=user, role="owner")
        for name, source in told:
            publish_and_route(name, source=source)
        for one in earlier:
            self._read(user, *one)
        before, unread, shown = rows(user), marking.state(user.pk).unread_count, notes(user)
        batch = self._read(user, *reading)
        if batch is not None:
            assert undone(user, batch, now=NOON + timedelta(minutes=1)).unread_count == unread
        assert (rows(user), notes(user)) == (before, shown)

    def _read(self, user, how, chosen) -> int | None:
        if how == "all":
            return marking.mark_all(user.pk, now=NOON, category=chosen).batch
        shown = Notification.objects.filter(user=user, channel="in_app").order_by("pk").values_list("pk", flat=True)
        ids = [pk for place, pk in enumerate(shown) if place in chosen]
        return marking.mark(user.pk, ids=ids, is_read=True, now=NOON).batch
