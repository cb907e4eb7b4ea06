"""Preferences and settings over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import EventType
from notifications.models import NotificationPreference, UserNotificationSettings
from tests.api_client import V1, as_, codes

PREFERENCES = f"{V1}/notifications/preferences"
SETTINGS = f"{V1}/notifications/settings"


def address(name: str) -> str:
    return f"{PREFERENCES}/{EventType.objects.get(name=name).pk}"


def test_all_types_are_listed_with_their_defaults(owner):
    answer = as_(owner).get(PREFERENCES)
    assert 'rel="first"' in answer["Link"]
    assert answer.json()[0] == {
        "event_type_id": EventType.objects.get(name="collab.lock").pk,
        "event_type": "collab.lock",
        "category": "collaboration",
        "description": "Entity locked by another user",
        "is_critical": False,
        "is_locked": False,
        "is_enabled": True,
        "channels": ["in_app"],
        "scope": "all",
        "ladder": {},
    }
    assert (
        NotificationPreference.objects.filter(user=owner).count()
        == EventType.objects.exclude(name="event.withdrawn").count()
    )


def test_a_put_changes_the_fields_it_names(owner):
    client = as_(owner)
    client.put(address("job.completed"), {"scope": "my_jobs", "channels": ["in_app", "email"]})
    answer = client.put(address("job.completed"), {"is_enabled": False})
    assert answer.status_code == 200
    assert (answer.json()["is_enabled"], answer.json()["channels"], answer.json()["scope"]) == (
        False,
        ["in_app", "email"],
        "my_jobs",
    )


def test_a_preference_of_an_unknown_type_is_404(owner):
    assert as_(owner).put(f"{PREFERENCES}/999999", {"is_enabled": True}).status_code == 404


@pytest.mark.parametrize("body", [{"is_enabled": False}, {"channels": ["email"]}])
def test_a_locked_type_is_a_named_400(owner, body):
    answer = as_(owner).put(address("system.disk_warning"), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "locked")
    assert codes(answer) == dict.fromkeys(body, "locked")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"": "empty"}),
        ({"is_enabled": "true"}, {"is_enabled": "invalid"}),
        ({"is_enabled": 1}, {"is_enabled": "invalid"}),
        ({"is_enabled": None}, {"is_enabled": "null"}),
        ({"channels": "in_app"}, {"channels": "not_a_list"}),
        ({"channels": [1]}, {"channels[0]": "invalid"}),
        ({"channels": ["pigeon"]}, {"channels": "unknown_channel"}),
        ({"channels": ["email", "email"]}, {"channels": "repeated"}),
        ({"scope": "everything"}, {"scope": "unknown_scope"}),
        ({"ladder": []}, {"ladder": "not_an_object"}),
        ({"ladder": {"email": 7}}, {"ladder": "invalid_ladder"}),
        ({"ladder": {"in_app": 5}}, {"ladder": "invalid_ladder"}),
        ({"scope": "all", "colour": 1}, {"colour": "unknown_field"}),
        ([], {"": "invalid"}),
    ],
)
def test_bad_preferences_are_named(owner, body, expected):
    answer = as_(owner).put(address("job.completed"), body)
    assert (answer.status_code, codes(answer)) == (400, expected)
    assert not NotificationPreference.objects.exists()


def test_settings_are_shown_without_a_row(owner):
    shown = as_(owner).get(SETTINGS).json()
    assert (shown["dnd_enabled"], shown["timezone"], shown["quiet_hours"]) == (False, "UTC", [])


def test_what_is_put_comes_back_and_what_is_not_stays(owner):
    client = as_(owner)
    changes = {
        "digest_enabled": True,
        "digest_interval": "weekly",
        "digest_hour": 18,
        "digest_weekday": 4,
        "digest_channels": ["in_app"],
        "timezone": "America/New_York",
        "quiet_hours": [{"days": [0, 6], "start": "22:00", "end": "07:30"}],
        "ladder": {"email": 15, "chat": "never"},
    }
    answer = client.put(SETTINGS, changes)
    assert answer.json() == changes | {"dnd_enabled": False, "dnd_until": None}
    assert (answer["X-Inbox-Seq"], answer["X-Unread-Count"]) == ("1", "0")
    assert client.put(SETTINGS, {"digest_hour": 7}).json() == answer.json() | {"digest_hour": 7}
    assert client.get(SETTINGS).json()["digest_hour"] == 7


def test_an_end_is_answered_in_utc(owner):
    end = timezone.now().replace(microsecond=0) + timedelta(days=1)
    sent = end.astimezone(timezone.get_fixed_timezone(120)).isoformat()
    answer = as_(owner).put(SETTINGS, {"dnd_enabled": True, "dnd_until": sent})
    assert answer.json()["dnd_until"] == end.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"": "empty"}),
        ({"dnd_until": "2001-01-01T00:00:00Z"}, {"dnd_until": "in_the_past"}),
        ({"dnd_until": "2100-01-01T00:00:00"}, {"dnd_until": "invalid"}),
        ({"dnd_until": "0001-01-01T00:00:00+23:00"}, {"dnd_until": "out_of_range"}),
        ({"dnd_until": "2100-02-30T00:00:00Z"}, {"dnd_until": "invalid"}),
        ({"dnd_until": 4102444800}, {"dnd_until": "invalid"}),
        ({"dnd_enabled": None}, {"dnd_enabled": "null"}),
        ({"digest_hour": 24}, {"digest_hour": "max_value"}),
        ({"digest_hour": "9"}, {"digest_hour": "invalid"}),
        ({"digest_interval": "yearly"}, {"digest_interval": "unknown_interval"}),
        ({"digest_channels": ["pigeon"]}, {"digest_channels": "unknown_channel"}),
        ({"timezone": "Mars/Olympus"}, {"timezone": "unknown_timezone"}),
        ({"quiet_hours": [{"days": [0], "start": "22:00"}]}, {"quiet_hours[0].end": "required"}),
        ({"quiet_hours": [{"days": [9], "start": "1", "end": "2"}]}, {"quiet_hours[0].days[0]": "max_value"}),
        ({"quiet_hours": [{"days": [0], "start": "1", "end": "02:00"}]}, {"quiet_hours[0]": "invalid_quiet_hours"}),
        ({"quiet_hours": {}}, {"quiet_hours": "not_a_list"}),
        ({"digest_last_sent_at": None}, {"digest_last_sent_at": "unknown_field"}),
    ],
)
def test_bad_settings_are_named(owner, body, expected):
    answer = as_(owner).put(SETTINGS, body)
    assert (answer.status_code, codes(answer)) == (400, expected)
    assert not UserNotificationSettings.objects.exists()


def test_one_bad_field_stores_none_of_the_others(owner):
    as_(owner).put(SETTINGS, {"digest_enabled": True, "timezone": "Mars/Olympus"})
    assert not UserNotificationSettings.objects.exists()
