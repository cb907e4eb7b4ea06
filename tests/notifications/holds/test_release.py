"""The end of do-not-disturb and of quiet hours gives back what was held: once, as one summary."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.bus import publish
from events.memberships import grant, revoke
from notifications.holds import release
from notifications.inbox import feed, marking
from notifications.models import Inbox, Notification, Summary
from notifications.preferences.settings import change_settings, settings_of
from tests.notifications.factories.holds import (
    AFTERNOON,
    HOUR,
    hold,
    holds,
    next_check_at,
    prefer_mail,
    release_due,
    release_person,
)
from tests.notifications.factories.routing import JOB, NOON, route, store_preference, store_settings

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")


def test_the_end_of_dnd_gives_back_one_summary(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [summary] = release_due(now=NOON + HOUR)
    assert (summary.kind, summary.count, summary.by_type) == ("dnd", 2, {"job.completed": 1, "job.failed": 1})
    assert holds(owner) == ["none", "none"]
    assert set(Notification.objects.values_list("summary_id", flat=True)) == {summary.pk}


def test_nothing_is_given_back_before_the_end(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    assert release_due(now=NOON + HOUR - timedelta(seconds=1)) == []
    assert holds(owner) == ["dnd", "dnd"]


def test_a_second_look_finds_nothing(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    release_due(now=NOON + HOUR)
    assert len(release_due(now=NOON + HOUR)) == 1
    assert release_person(owner, now=NOON + 2 * HOUR) == []
    assert next_check_at(owner) is None


def test_the_window_is_named_by_its_end_on_the_persons_clock(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR, timezone="Europe/Paris")
    [summary] = release_due(now=NOON + 3 * HOUR)
    assert summary.window == "2026-03-04T14:00+01:00"


def test_quiet_hours_end_the_same_way(owner):
    hold(owner, *TWO, quiet_hours=AFTERNOON)
    assert next_check_at(owner) == NOON + 2 * HOUR
    assert release_due(now=NOON + 2 * HOUR - timedelta(seconds=1)) == []
    [summary] = release_due(now=NOON + 2 * HOUR)
    assert (summary.kind, summary.count) == ("quiet", 2)


def test_each_event_counts_once_whatever_its_channels(owner, recorder):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [summary] = release_due(now=NOON + HOUR)
    assert (summary.count, Notification.objects.filter(summary=summary).count()) == (2, 4)


def test_one_delivery_opens_for_each_channel_that_the_rows_had_chosen(owner, recorder):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [summary] = release_due(now=NOON + HOUR)
    assert [(opened.summary_id, opened.channel) for opened in recorder.summaries] == [(summary.pk, "email")]
    assert recorder.opened == []


def test_no_delivery_opens_for_rows_of_the_feed_alone(owner, recorder):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    release_due(now=NOON + HOUR)
    assert recorder.summaries == []


def test_the_channels_are_woken_after_the_commit(owner, recorder, django_capture_on_commit_callbacks):
    prefer_mail(owner, *TWO)
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    with django_capture_on_commit_callbacks(execute=True):
        release_due(now=NOON + HOUR)
        assert recorder.wakes == 0
    assert recorder.wakes == 1


def test_what_was_read_meanwhile_is_left_out(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    first = feed.page(owner.pk)[-1]
    marking.mark(owner.pk, ids=[first.pk], is_read=True, now=NOON)
    [summary] = release_due(now=NOON + HOUR)
    assert summary.by_type == {"job.failed": 1}
    first.refresh_from_db()
    assert (first.hold, first.summary_id) == ("none", None)


def test_an_empty_one_is_none(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    marking.mark_all(owner.pk, now=NOON)
    before = marking.state(owner.pk)
    assert release_due(now=NOON + HOUR) == []
    assert (holds(owner), marking.state(owner.pk), next_check_at(owner)) == (["none", "none"], before, None)


def test_a_summary_raises_seq_and_leaves_the_count(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [summary] = release_due(now=NOON + HOUR)
    assert marking.state(owner.pk) == marking.State(seq=3, unread_count=2)
    assert summary.seq == 3


def test_with_a_digest_they_collect_for_it_instead(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR, digest_enabled=True)
    assert release_due(now=NOON + HOUR) == []
    assert holds(owner) == ["digest", "digest"]


def test_dnd_that_ends_in_quiet_hours_leaves_them_held(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR, quiet_hours=AFTERNOON)
    assert release_due(now=NOON + HOUR) == []
    assert holds(owner) == ["quiet", "quiet"]
    [summary] = release_due(now=NOON + 2 * HOUR)
    assert summary.kind == "quiet"


def test_quiet_hours_that_end_in_dnd_leave_them_held(owner):
    hold(owner, *TWO, quiet_hours=AFTERNOON)
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + 5 * HOUR)
    assert release_due(now=NOON + 2 * HOUR) == []
    assert holds(owner) == ["dnd", "dnd"]
    [summary] = release_due(now=NOON + 5 * HOUR)
    assert (summary.kind, summary.count) == ("dnd", 2)


def test_a_critical_one_waits_for_nothing_and_is_in_no_summary(admin, recorder):
    prefer_mail(admin, "system.gpu_critical")
    hold(admin, "job.completed", dnd_enabled=True, dnd_until=NOON + HOUR)
    route(publish("system.gpu_critical"))
    assert [opened.channel for opened in recorder.opened] == ["email"]
    [summary] = release_due(now=NOON + HOUR)
    assert summary.by_type == {"job.completed": 1}


def test_news_of_a_row_that_was_given_back_is_held_anew(owner):
    """The summary told of the row's last event; it is no longer in it."""
    hold(owner, "job.started", dnd_enabled=True, dnd_until=NOON + HOUR)
    [first] = release_due(now=NOON + HOUR)
    hold(owner, "job.completed", now=NOON + 2 * HOUR, dnd_until=NOON + 3 * HOUR)
    assert Notification.objects.get().summary_id is None
    assert [summary.by_type for summary in release_due(now=NOON + 3 * HOUR)] == [first.by_type, {"job.completed": 1}]


class TestChangingTheSettings:
    """Under the person's lock, in the transaction of the change."""

    def test_switching_off_gives_back_at_once(self, owner):
        hold(owner, *TWO, dnd_enabled=True)
        assert next_check_at(owner) is None
        change_settings(owner.pk, now=NOON + HOUR, dnd_enabled=False)
        assert Summary.objects.get().count == 2

    def test_shortening_holds_until_the_new_end(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + 9 * HOUR)
        change_settings(owner.pk, now=NOON, dnd_until=NOON + HOUR)
        assert release_due(now=NOON + HOUR - timedelta(seconds=1)) == []
        assert len(release_due(now=NOON + HOUR)) == 1

    def test_extending_holds_until_the_new_end(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        change_settings(owner.pk, now=NOON, dnd_until=NOON + 9 * HOUR)
        assert release_due(now=NOON + 9 * HOUR - timedelta(seconds=1)) == []
        assert len(release_due(now=NOON + 9 * HOUR)) == 1

    def test_an_end_that_becomes_none_holds_on(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        change_settings(owner.pk, now=NOON, dnd_until=None)
        assert release_due(now=NOON + 1000 * HOUR) == []
        change_settings(owner.pk, now=NOON + 1000 * HOUR, dnd_enabled=False)
        assert Summary.objects.get().count == 2

    def test_dropping_the_quiet_hours_gives_back_at_once(self, owner):
        hold(owner, *TWO, quiet_hours=AFTERNOON)
        change_settings(owner.pk, now=NOON, quiet_hours=[])
        assert Summary.objects.get().kind == "quiet"

    def test_a_refused_change_gives_back_nothing(self, owner):
        hold(owner, *TWO, dnd_enabled=True)
        with pytest.raises(ValueError):
            change_settings(owner.pk, now=NOON, dnd_enabled=False, digest_hour=99)
        assert holds(owner) == ["dnd", "dnd"]

    def test_it_writes_over_nothing_that_the_floor_above_writes(self, owner):
        hold(owner, dnd_enabled=True, digest_last_sent_at=NOON)
        changed = change_settings(owner.pk, now=NOON, dnd_enabled=False)
        changed.refresh_from_db()
        assert changed.digest_last_sent_at == NOON


def test_a_clock_that_was_set_back_loses_nothing(owner):
    """The second window has the first one's name already."""
    hold(owner, "job.completed", dnd_enabled=True, dnd_until=NOON + HOUR)
    release_due(now=NOON + HOUR)
    hold(owner, "job.failed", dnd_enabled=True, dnd_until=NOON + HOUR)
    assert [summary.count for summary in release_due(now=NOON + HOUR)] == [1, 1]
    assert set(holds(owner)) == {"none"}


def test_a_person_without_settings_holds_nothing(owner):
    """Another program has deleted the row: the defaults count."""
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    owner_settings = settings_of(owner.pk)
    owner_settings.delete()
    [summary] = release_person(owner, now=NOON)
    assert summary.count == 2


def test_people_who_hold_nothing_cost_nothing(owner):
    route(publish("job.completed", source=JOB, actor=owner))
    assert release_person(owner, now=NOON) == []
    assert Inbox.objects.get(pk=owner.pk).next_check_at is None


def test_a_look_that_failed_costs_no_digest(owner, monkeypatch):
    """Do-not-disturb ended before nine; the first look failed, the next came after it: still this morning's digest."""
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + 20.98 * HOUR, digest_enabled=True)
    with monkeypatch.context() as failing:
        failing.setattr(release, "_move", lambda _people: 1 / 0)
        release_due(now=NOON + 20.98 * HOUR)
    [summary] = release_due(now=NOON + 21.1 * HOUR)
    assert summary.window == "2026-03-05T09:00+00:00"


class TestWhatIsNoLongerWanted:
    """A summary counts and shows what its person still wants to hear of."""

    def test_a_type_that_was_switched_off_is_left_out(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        store_preference(owner, "job.failed", is_enabled=False)
        [summary] = release_due(now=NOON + HOUR)
        assert (summary.count, summary.by_type) == (1, {"job.completed": 1})
        assert holds(owner) == ["none", "none"]
        assert [row.event.event_type.name for row in feed.page(owner.pk, summary_id=summary.pk)] == ["job.completed"]

    def test_a_summary_of_nothing_is_none(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        for event_type in TWO:
            store_preference(owner, event_type, is_enabled=False)
        assert release_due(now=NOON + HOUR) == []
        assert (holds(owner), next_check_at(owner)) == (["none", "none"], None)

    def test_a_digest_leaves_it_out_too(self, owner):
        hold(owner, *TWO, digest_enabled=True)
        store_preference(owner, "job.failed", is_enabled=False)
        digest = release.send_digest(owner.pk, now=NOON)
        assert digest is not None
        assert digest.by_type == {"job.completed": 1}

    def test_a_channel_that_is_no_longer_chosen_gets_no_summary(self, owner, recorder):
        prefer_mail(owner, *TWO)
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        for event_type in TWO:
            store_preference(owner, event_type, channels=["in_app"])
        [summary] = release_due(now=NOON + HOUR)
        assert (summary.count, recorder.summaries) == (2, [])

    def test_what_a_lost_membership_brought_is_left_out(self, owner):
        grant(JOB, user=owner, role="owner")
        store_settings(owner, dnd_enabled=True, dnd_until=NOON + HOUR)
        route(publish("job.completed", source=JOB))
        revoke(JOB, user=owner)
        assert release_due(now=NOON + HOUR) == []
