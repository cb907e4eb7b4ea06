"""The preferences say what really happens just now to what is ticked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.models import UserNotificationSettings
from notifications.pages.inbox_status import status_of
from notifications.pages.preferences import status_text
from tests.notifications.factories.routing import store_settings

pytestmark = pytest.mark.django_db

# A Wednesday in Paris, a quarter past one.
NOW = datetime(2026, 11, 25, 12, 15, tzinfo=UTC)
AT_NOON = [{"days": [2], "start": "12:00", "end": "14:00"}]


def said(owner, **settings: Any) -> tuple[str, str]:
    store_settings(owner, **{"timezone": "Europe/Paris"} | settings)
    chosen = UserNotificationSettings.objects.get(user=owner)
    inbox = status_of(owner.pk, now=NOW)
    return status_text.of_all(chosen, inbox=inbox, user=owner), status_text.of_channel(chosen, now=NOW)


def test_nothing_in_the_way(owner):
    assert said(owner) == ("Sent right away on the channels you tick.", "")


def test_do_not_disturb_with_an_end(owner):
    sentence, word = said(owner, dnd_enabled=True, dnd_until=NOW + timedelta(hours=2))
    assert sentence.startswith("Paused until 15:15,")
    assert word == "paused"


def test_do_not_disturb_without_one(owner):
    assert said(owner, dnd_enabled=True)[0].startswith("Paused until you turn do not disturb off,")


def test_quiet_hours(owner):
    assert said(owner, quiet_hours=AT_NOON)[0].startswith("Quiet until 14:00,")


def test_quiet_hours_go_before_the_digest(owner):
    assert said(owner, quiet_hours=AT_NOON, digest_enabled=True)[1] == "paused"


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ({"digest_interval": "hourly"}, "digest hourly"),
        ({"digest_interval": "daily", "digest_hour": 7}, "digest 07:00"),
        ({"digest_interval": "weekly", "digest_hour": 18, "digest_weekday": 4}, "digest Fri 18:00"),
    ],
)
def test_a_digest_says_when(owner, chosen, word):
    assert said(owner, digest_enabled=True, **chosen)[1] == word


def test_a_digest_says_over_what(owner):
    assert "sent by In app." in said(owner, digest_enabled=True, digest_channels=["in_app"])[0]
