"""What people chose, and what they can't choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.bus import NewEvent
from events.errors import PreferenceRefused
from events.models import EventType
from notifications.inbox import marking
from notifications.models import NotificationPreference, UserNotificationSettings
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_as_json, settings_of
from tests.notifications.factories.routing import change_type, channels_of, publish_and_route_batch, store_preference

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=2)


def type_id(name: str) -> int:
    return EventType.objects.get(name=name).pk


def change(user, name: str, **changes: Any):
    return preferences.change(user.pk, event_type_id=type_id(name), now=NOW, **changes)


def test_the_missing_rows_are_made_with_their_types_defaults(owner):
    EventType.objects.filter(name="job.failed").update(default_channels=["in_app", "email"])
    rows = {row.event_type.name: row for row in preferences.ensure(owner.pk)}
    assert len(rows) == EventType.objects.exclude(name="event.withdrawn").count()
    assert (rows["job.failed"].channels, rows["job.started"].channels) == (["in_app", "email"], ["in_app"])
    assert all(row.is_enabled and row.scope == "all" for row in rows.values())


def test_a_choice_counts_though_another_type_of_the_batch_offers_just_that(owner):
    change_type("job.failed", default_channels=["in_app", "email"])
    for name in ("job.failed", "job.completed"):
        store_preference(owner, name, channels=["in_app"])
    both = [NewEvent("job.failed", actor=owner), NewEvent("job.completed", actor=owner)]
    assert [channels_of(owner, event) for event in publish_and_route_batch(*both)] == [{"in_app"}, {"in_app"}]


def test_asking_twice_makes_nothing_anew(owner):
    first = [row.pk for row in preferences.ensure(owner.pk)]
    assert [row.pk for row in preferences.ensure(owner.pk)] == first


def test_a_type_that_is_switched_off_is_not_offered_and_keeps_what_was_chosen(owner):
    change(owner, "job.failed", is_enabled=False)
    change_type("job.failed", is_active=False)
    assert "job.failed" not in {row.event_type.name for row in preferences.ensure(owner.pk)}
    change_type("job.failed", is_active=True)
    assert [row.is_enabled for row in preferences.ensure(owner.pk) if row.event_type.name == "job.failed"] == [False]


def test_the_queries_do_not_grow_with_the_types(owner, django_assert_max_num_queries):
    EventType.objects.bulk_create(EventType(name=f"zoo.animal{n}", category="zoo") for n in range(300))
    with django_assert_max_num_queries(8):
        preferences.ensure(owner.pk)
    with django_assert_max_num_queries(2):
        [preferences.as_json(row) for row in preferences.ensure(owner.pk)]


def test_a_change_touches_only_what_it_names(owner):
    change(owner, "job.completed", channels=["email"], scope="my_jobs")
    row = change(owner, "job.completed", is_enabled=False)
    assert (row.is_enabled, row.channels, row.scope) == (False, ["email"], "my_jobs")
    assert NotificationPreference.objects.count() == 1


@pytest.mark.parametrize("channel", ["in_app", "email", "webhook", "chat"])
def test_all_four_channels_are_valid(owner, channel):
    assert change(owner, "job.completed", channels=[channel]).channels == [channel]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"channels": ["pigeon"]}, "unknown_channel", "channels"),
        ({"channels": ["email", "email"]}, "repeated", "channels"),
        ({"scope": "everything"}, "unknown_scope", "scope"),
    ],
)
def test_what_is_unknown_is_refused(owner, changes, code, field):
    with pytest.raises(PreferenceRefused) as refused:
        change(owner, "job.completed", **changes)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not NotificationPreference.objects.exists()


@pytest.mark.parametrize("changes", [{"is_enabled": False}, {"channels": []}, {"channels": ["email"]}])
def test_a_locked_type_keeps_its_default_channels(owner, changes):
    with pytest.raises(PreferenceRefused) as refused:
        change(owner, "system.restart", **changes)
    assert refused.value.code == "locked"


def test_a_locked_type_may_get_more_channels(owner):
    row = change(owner, "system.restart", is_enabled=True, channels=["email", "in_app"], scope="my_jobs")
    assert row.channels == ["email", "in_app"]


def test_an_unknown_type_does_not_exist(owner):
    with pytest.raises(EventType.DoesNotExist):
        preferences.change(owner.pk, event_type_id=2**62, now=NOW, is_enabled=True)


def test_without_a_row_the_settings_have_their_defaults(owner):
    shown = settings_as_json(settings_of(owner.pk), now=NOW)
    assert shown == {
        "dnd_enabled": False,
        "dnd_until": None,
        "digest_enabled": False,
        "digest_interval": "daily",
        "digest_hour": 9,
        "digest_weekday": 0,
        "digest_channels": [],
        "timezone": "UTC",
        "quiet_hours": [],
        "ladder": {},
    }
    assert not UserNotificationSettings.objects.exists()


def test_a_change_of_settings_raises_the_inbox_number(owner):
    change_settings(owner.pk, now=NOW, timezone="Europe/Paris")
    assert marking.state(owner.pk).seq == 1


def test_do_not_disturb_without_an_end_clears_the_old_end(owner):
    change_settings(owner.pk, now=NOW, dnd_enabled=True, dnd_until=SOON)
    settings = change_settings(owner.pk, now=NOW, dnd_enabled=True)
    assert (settings.dnd_enabled, settings.dnd_until) == (True, None)


def test_a_change_of_something_else_leaves_do_not_disturb_alone(owner):
    change_settings(owner.pk, now=NOW, dnd_enabled=True, dnd_until=SOON)
    settings = change_settings(owner.pk, now=NOW, digest_enabled=True)
    assert (settings.dnd_enabled, settings.dnd_until) == (True, SOON)


def test_a_passed_end_reads_as_off(owner):
    settings = change_settings(owner.pk, now=NOW, dnd_enabled=True, dnd_until=SOON)
    shown = settings_as_json(settings, now=SOON)
    assert (shown["dnd_enabled"], shown["dnd_until"]) == (False, None)


def test_a_new_end_alone_does_not_revive_what_had_ended(owner):
    change_settings(owner.pk, now=NOW, dnd_enabled=True, dnd_until=SOON)
    settings = change_settings(owner.pk, now=SOON, dnd_until=SOON + timedelta(hours=1))
    assert settings.dnd_enabled is False


WINDOW = {"days": [0, 4], "start": "22:00", "end": "07:00"}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"dnd_until": NOW}, "in_the_past", "dnd_until"),
        ({"dnd_until": datetime(2031, 1, 1)}, "invalid", "dnd_until"),  # noqa: DTZ001
        ({"dnd_enabled": 1}, "invalid", "dnd_enabled"),
        ({"digest_interval": "yearly"}, "unknown_interval", "digest_interval"),
        ({"digest_hour": 24}, "invalid", "digest_hour"),
        ({"digest_weekday": True}, "invalid", "digest_weekday"),
        ({"digest_channels": ["pigeon"]}, "unknown_channel", "digest_channels"),
        ({"timezone": "Mars/Olympus"}, "unknown_timezone", "timezone"),
        ({"timezone": "../etc/passwd"}, "unknown_timezone", "timezone"),
        ({"timezone": ""}, "unknown_timezone", "timezone"),
        ({"quiet_hours": [WINDOW] * 15}, "invalid_quiet_hours", "quiet_hours"),
        ({"quiet_hours": [WINDOW, WINDOW | {"days": []}]}, "invalid_quiet_hours", "quiet_hours[1]"),
        ({"quiet_hours": [WINDOW | {"days": [7]}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"quiet_hours": [WINDOW | {"days": [1, 1]}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"quiet_hours": [WINDOW | {"start": "7:00"}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"quiet_hours": [WINDOW | {"end": "24:00"}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"quiet_hours": [WINDOW | {"end": "22:00"}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"quiet_hours": [{"days": [1]}]}, "invalid_quiet_hours", "quiet_hours[0]"),
        ({"colour": "red"}, "unknown_field", "colour"),
    ],
)
def test_settings_that_can_not_be_are_refused(owner, changes, code, field):
    with pytest.raises(PreferenceRefused) as refused:
        change_settings(owner.pk, now=NOW, **changes)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not UserNotificationSettings.objects.exists()


def test_fourteen_windows_over_midnight_are_accepted(owner):
    settings = change_settings(owner.pk, now=NOW, quiet_hours=[WINDOW] * 14)
    assert settings.quiet_hours == [WINDOW] * 14
