"""People choose when each channel speaks: for all types, and for one; what can't be is refused."""

from __future__ import annotations

import pytest

from events.errors import PreferenceRefused
from events.models import EventType
from notifications.models import NotificationPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_of
from tests.notifications.factories.routing import NOON, change_type

pytestmark = pytest.mark.django_db

TYPE = "job.completed"


def type_id() -> int:
    return EventType.objects.get(name=TYPE).pk


def test_a_ladder_of_ones_own(owner):
    change_settings(owner.pk, now=NOON, ladder={"email": 15, "chat": "never", "webhook": 0})
    assert settings_of(owner.pk).ladder == {"email": 15, "chat": "never", "webhook": 0}


def test_a_ladder_for_one_type(owner):
    preferences.change(owner.pk, event_type_id=type_id(), now=NOON, ladder={"email": 60})
    assert NotificationPreference.objects.get(user=owner).ladder == {"email": 60}


@pytest.mark.parametrize(
    "ladder",
    [
        {"in_app": 5},
        {"pigeon": 5},
        {"email": 7},
        {"email": True},
        {"email": "soon"},
        {"email": None},
        {"email": 5.0},
        [],
    ],
)
def test_what_can_not_be_is_refused(owner, ladder):
    with pytest.raises(PreferenceRefused) as refused:
        change_settings(owner.pk, now=NOON, ladder=ladder)
    assert (refused.value.code, refused.value.field) == ("invalid_ladder", "ladder")
    with pytest.raises(PreferenceRefused, match="ladder"):
        preferences.change(owner.pk, event_type_id=type_id(), now=NOON, ladder=ladder)


def test_a_channel_of_a_required_type_can_not_be_silenced(owner):
    change_type(TYPE, is_locked=True, default_channels=["in_app", "email"])
    with pytest.raises(PreferenceRefused) as refused:
        preferences.change(owner.pk, event_type_id=type_id(), now=NOON, ladder={"email": "never"})
    assert (refused.value.code, refused.value.field) == ("locked", "ladder")
    preferences.change(owner.pk, event_type_id=type_id(), now=NOON, ladder={"email": 60, "chat": "never"})
