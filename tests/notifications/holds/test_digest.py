"""A digest collects what its person is told and gives it back at their hour: once, however late or often beat asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.bus import publish
from notifications import tasks
from notifications.holds import due, release, rules
from notifications.inbox import marking, summaries
from notifications.models import Inbox, Notification, Summary
from notifications.preferences import digest_preview
from notifications.preferences.settings import change_settings, settings_of
from notifications.presentation import summary_text
from tests.accounts.factory import name_field
from tests.notifications.factories.holds import AFTERNOON, HOUR, hold, holds, next_check_at, prefer_mail, release_due
from tests.notifications.factories.routing import JOB, NOON, change_type, define, route, store_settings

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")
NINE = datetime(2026, 3, 5, 9, tzinfo=UTC)


def collect(owner, *, now: datetime = NOON, **chosen: Any) -> None:
    hold(owner, *TWO, now=now, digest_enabled=True, **chosen)


@pytest.mark.parametrize(
    ("chosen", "due_at"),
    [
        ({"digest_interval": "hourly"}, NOON + HOUR),
        ({}, NINE),
        ({"digest_hour": 13}, NOON + HOUR),
        ({"digest_hour": 13, "timezone": "Europe/Paris"}, NOON + 24 * HOUR),
        ({"digest_interval": "weekly", "digest_weekday": 4}, NINE + timedelta(days=1)),
        ({"digest_interval": "hourly", "timezone": "Asia/Kolkata"}, NOON + HOUR / 2),
    ],
)
def test_it_comes_at_its_time_and_not_before(owner, chosen, due_at):
    collect(owner, **chosen)
    assert release_due(now=due_at - timedelta(microseconds=1)) == []
    [summary] = release_due(now=due_at)
    assert (summary.kind, summary.count, holds(owner)) == ("digest", 2, ["none", "none"])


def test_its_window_is_its_hour_on_the_persons_clock(owner):
    collect(owner, timezone="Europe/Paris")
    [summary] = release_due(now=NINE + 5 * HOUR)
    assert summary.window == "2026-03-05T09:00+01:00"


def test_a_late_beat_sends_one_that_is_late(owner):
    collect(owner, digest_interval="hourly")
    due.release_all(now=NOON + 7 * HOUR)
    assert Summary.objects.get().window == "2026-03-04T13:00+00:00"


def test_a_doubled_beat_sends_one(owner):
    collect(owner)
    due.release_all(now=NINE)
    due.release_all(now=NINE)
    assert Summary.objects.count() == 1


def test_beat_and_sweep_send_one(owner):
    collect(owner)
    release_due(now=NINE)
    due.release_all(now=NINE)
    assert Summary.objects.count() == 1


def test_membership_is_by_hold_whenever_it_came(owner):
    """What came between the hour and a late look belongs to it as well."""
    collect(owner)
    hold(owner, "review.comment", now=NINE + HOUR)
    prior = Notification.objects.filter(hold="digest").count()
    [summary] = release_due(now=NINE + 2 * HOUR)
    assert summary.held.count() == prior


def test_an_empty_one_is_not_sent(owner):
    collect(owner)
    marking.mark_all(owner.pk, now=NOON)
    assert release_due(now=NINE) == []
    assert (holds(owner), next_check_at(owner)) == (["none", "none"], None)


def test_the_next_one_takes_what_comes_after(owner):
    collect(owner)
    release_due(now=NINE)
    hold(owner, "job.cancelled", now=NINE + HOUR)
    assert [summary.count for summary in release_due(now=NINE + 24 * HOUR)] == [2, 1]


@pytest.mark.parametrize("chosen", [{"dnd_enabled": True, "dnd_until": NOON + 2 * HOUR}, {"quiet_hours": AFTERNOON}])
def test_one_that_is_due_in_quiet_waits_for_its_end(owner, chosen):
    collect(owner, digest_hour=13, now=NOON - 2 * HOUR)
    store_settings(owner, **chosen)
    assert release_due(now=NOON + HOUR) == []
    [summary] = release_due(now=NOON + 2 * HOUR)
    assert (summary.kind, summary.window) == ("digest", "2026-03-04T13:00+00:00")


def test_a_clock_that_was_set_back_never_sends_the_same_window_twice(owner):
    collect(owner)
    release_due(now=NINE)
    hold(owner, "job.cancelled", now=NINE - HOUR)
    assert len(release_due(now=NINE)) == 1
    assert [summary.count for summary in release_due(now=NINE + 24 * HOUR)] == [2, 1]


class TestWhereItGoes:
    def test_in_the_app_where_there_is_no_mail(self, owner):
        collect(owner)
        [summary] = release_due(now=NINE)
        assert summary.seq == marking.state(owner.pk).seq == 3

    def test_by_mail_where_there_is(self, owner, recorder):
        collect(owner)
        [summary] = release_due(now=NINE)
        assert [opened.summary_id for opened in recorder.summaries] == [summary.pk]
        assert (summary.seq, marking.state(owner.pk).seq) == (0, 2)

    def test_in_the_app_without_an_address(self, owner, recorder):
        type(owner).objects.update(email="")
        collect(owner)
        release_due(now=NINE)
        assert recorder.summaries == []

    def test_over_what_was_chosen(self, owner, recorder):
        collect(owner, digest_channels=["in_app", "email"])
        [summary] = release_due(now=NINE)
        assert (len(recorder.summaries), summary.seq) == (1, 3)

    @pytest.mark.parametrize("chosen", [["webhook"], "email", [["email"]], {"email": 1}])
    def test_in_the_app_where_the_choice_leads_nowhere(self, owner, chosen):
        collect(owner, digest_channels=chosen)
        [summary] = release_due(now=NINE)
        assert summary.seq == 3


class TestWhenItWasSent:
    def test_in_the_app_it_is_sent_as_it_closes(self, owner):
        collect(owner)
        release_due(now=NINE)
        assert settings_of(owner.pk).digest_last_sent_at == NINE

    def test_by_mail_at_the_first_success(self, owner, recorder):
        collect(owner)
        [summary] = release_due(now=NINE)
        assert settings_of(owner.pk).digest_last_sent_at is None
        summaries.record_sent([summary.pk], now=NINE + HOUR)
        summaries.record_sent([summary.pk], now=NINE + 2 * HOUR)
        assert settings_of(owner.pk).digest_last_sent_at == NINE + HOUR

    def test_what_dnd_gave_back_is_no_digest(self, owner):
        hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
        release_due(now=NOON + HOUR)
        assert settings_of(owner.pk).digest_last_sent_at is None


class TestChangingTheSettings:
    def test_turning_it_off_gives_back_at_once(self, owner):
        collect(owner)
        change_settings(owner.pk, now=NOON, digest_enabled=False)
        assert (Summary.objects.get().kind, holds(owner)) == ("digest", ["none", "none"])

    def test_turning_it_off_in_dnd_waits_for_its_end(self, owner):
        collect(owner)
        store_settings(owner, dnd_enabled=True, dnd_until=NOON + HOUR)
        change_settings(owner.pk, now=NOON, digest_enabled=False)
        assert holds(owner) == ["dnd", "dnd"]
        assert len(release_due(now=NOON + HOUR)) == 1

    def test_another_hour_moves_what_was_collected(self, owner):
        collect(owner)
        change_settings(owner.pk, now=NOON, digest_hour=15)
        assert release_due(now=NOON + 3 * HOUR - timedelta(seconds=1)) == []
        assert len(release_due(now=NOON + 3 * HOUR)) == 1
        assert len(release_due(now=NINE + 50 * HOUR)) == 1

    def test_one_that_was_due_already_is_not_put_off(self, owner):
        collect(owner)
        change_settings(owner.pk, now=NINE + HOUR / 60, digest_hour=15)
        assert Summary.objects.get().window == "2026-03-05T09:00+00:00"

    def test_turning_it_on_holds_nothing_that_was_told(self, owner):
        hold(owner, *TWO)
        change_settings(owner.pk, now=NOON, digest_enabled=True)
        assert holds(owner) == ["none", "none"]


class TestSendingNow:
    def test_it_goes_at_once_and_the_rest_at_its_time(self, owner):
        collect(owner)
        summary = release.send_digest(owner.pk, now=NOON + HOUR)
        assert summary is not None
        assert (summary.count, holds(owner), next_check_at(owner)) == (2, ["none", "none"], None)
        hold(owner, "job.cancelled", now=NOON + 2 * HOUR)
        assert len(release_due(now=NINE)) == 2

    def test_twice_is_once(self, owner):
        collect(owner)
        release.send_digest(owner.pk, now=NOON)
        assert release.send_digest(owner.pk, now=NOON) is None
        assert Summary.objects.count() == 1

    def test_twice_in_a_moment_with_news_between_is_two(self, owner):
        collect(owner)
        release.send_digest(owner.pk, now=NOON)
        hold(owner, "job.cancelled")
        release.send_digest(owner.pk, now=NOON)
        assert Summary.objects.count() == 2

    def test_nothing_is_nothing(self, owner):
        assert release.send_digest(owner.pk, now=NOON) is None

    def test_what_dnd_holds_stays_held(self, owner):
        collect(owner)
        hold(owner, "job.cancelled", dnd_enabled=True, dnd_until=NOON + HOUR)
        release.send_digest(owner.pk, now=NOON)
        assert sorted(holds(owner)) == ["dnd", "none"]
        release_due(now=NOON + HOUR)
        assert sorted(holds(owner)) == ["digest", "none"]


class TestPreview:
    def test_it_says_when_and_what(self, owner, recorder):
        prefer_mail(owner, *TWO)
        collect(owner, timezone="Europe/Paris")
        found = digest_preview.preview(owner.pk, now=NOON)
        assert (found.next_at, found.zone.key, found.count) == (NINE - HOUR, "Europe/Paris", 2)
        assert found.by_type == {"job.completed": 1, "job.failed": 1}

    def test_off_there_is_none(self, owner):
        assert digest_preview.preview(owner.pk, now=NOON).next_at is None

    def test_quiet_hours_put_it_off(self, owner):
        collect(owner, quiet_hours=[{"days": [3], "start": "08:00", "end": "11:30"}])
        assert digest_preview.preview(owner.pk, now=NOON).next_at == NINE + 2.5 * HOUR

    def test_dnd_without_an_end_puts_it_off_for_good(self, owner):
        collect(owner, dnd_enabled=True)
        assert digest_preview.preview(owner.pk, now=NOON).next_at is None


@pytest.mark.parametrize(
    "broken",
    [
        {"timezone": "Mars/Olympus"},
        {"digest_interval": "never"},
        {"digest_hour": 99},
        {"digest_weekday": -3, "digest_interval": "weekly"},
        {"quiet_hours": "always"},
    ],
)
def test_one_persons_broken_settings_stop_nobody(owner, watcher, broken):
    collect(owner, **broken)
    collect(watcher)
    release_due(now=NINE + timedelta(days=8))
    assert set(Summary.objects.values_list(f"user__{name_field()}", flat=True)) == {"owner", "watcher"}


def test_one_whom_it_fails_for_waits_and_stops_nobody(owner, watcher, monkeypatch):
    """Halved until alone: the others get theirs, and it is tried again a minute later."""
    collect(owner)
    collect(watcher)
    was = rules.digest_channels

    def breaks_for_the_owner(settings, *, email) -> list[str]:
        if settings.user_id == owner.pk:
            raise RuntimeError("no")
        return was(settings, email=email)

    monkeypatch.setattr(rules, "digest_channels", breaks_for_the_owner)
    assert [summary.user_id for summary in release_due(now=NINE)] == [watcher.pk]
    monkeypatch.undo()
    assert len(release_due(now=NINE + due.RETRY / 2)) == 1
    assert len(release_due(now=NINE + due.RETRY)) == 2


def test_beat_finds_what_another_program_changed(owner):
    """No look was planned for that; never later than the next full hour."""
    hold(owner, *TWO, dnd_enabled=True)
    store_settings(owner, dnd_enabled=False)
    tasks.release_all()
    assert Summary.objects.get().count == 2


def test_the_task_looks_at_the_present(owner):
    collect(owner, now=timezone.now() - timedelta(days=9))
    tasks.release()
    assert Summary.objects.get().count == 2


class TestWords:
    def test_the_category_is_named_once(self):
        by_type = {"review.submitted": 2, "job.failed": 1, "job.completed": 3}
        assert summary_text.counts(by_type) == "3 jobs completed, 1 failed, 2 awaiting review"

    def test_a_type_without_words_is_counted_by_its_name(self):
        define("job.paused")
        assert summary_text.counts({"job.paused": 2, "job.gone": 1}) == "1 × job.gone, 2 × job.paused"

    def test_many_kinds_are_cut(self):
        for number in range(10):
            define(f"odd.{number}", digest_one=f"1 odd {number}")
        text = summary_text.counts({f"odd.{number}": 1 for number in range(10)})
        assert text.endswith("1 odd 7, and 2 other types")

    def test_other_placeholders_stay_as_they_are(self):
        change_type("job.failed", digest_many="{n} of {x} failed")
        assert summary_text.counts({"job.failed": 2}) == "2 of {x} failed"


def test_an_inbox_without_holds_plans_no_look(owner):
    store_settings(owner, digest_enabled=True)
    route(publish("system.gpu_critical", source=JOB))
    assert not Inbox.objects.exclude(next_check_at=None).exists()
