"""An end of do-not-disturb beyond 1970 to 2200 is refused at every door; one that is stored breaks no page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone

from events.errors import MomentRefused
from notifications.holds import rules
from notifications.models import UserNotificationSettings
from notifications.preferences.settings import change_settings
from notifications.presentation import times
from tests.api_client import V1, as_, codes, tell

PREFERENCES = "/notifications/preferences/"
PAGES = ["/notifications/", "/notifications/panel/", PREFERENCES, "/deliveries/", "/channels/"]
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
ZONES = ["Asia/Tokyo", "America/New_York", "UTC"]
ALL_DAY = {"days": [0, 1, 2, 3, 4, 5, 6], "start": "00:00", "end": "23:59"}


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_the_api_refuses_it_by_name(owner, end):
    answer = as_(owner).put(f"{V1}/notifications/settings", {"dnd_enabled": True, "dnd_until": end})
    assert (answer.status_code, codes(answer)) == (400, {"dnd_until": "out_of_range"})


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_form_refuses_it_and_says_so(client, owner, day):
    client.force_login(owner)
    answer = client.post(reverse("carillon:do-not-disturb"), {"preset": "at", "day": day, "time": "00:00"}, follow=True)
    assert "accepted are times from 1970-01-01 to 2200-01-01" in answer.content.decode()
    assert not UserNotificationSettings.objects.exists()


def test_python_refuses_it(owner):
    with pytest.raises(MomentRefused):
        change_settings(owner.pk, now=timezone.now(), dnd_until=LAST)


@pytest.mark.parametrize("end", [FIRST, LAST])
def test_the_model_and_the_table_refuse_it(owner, end):
    settings = UserNotificationSettings(user=owner, dnd_enabled=True, dnd_until=end)
    with pytest.raises(ValidationError, match=r"dnd_until.* from 1970-01-01 to 2200-01-01"):
        settings.full_clean()
    with pytest.raises(IntegrityError):
        settings.save()


@pytest.fixture
def _unchecked(db) -> Iterator[None]:
    """A table without its rule, as one that another program has made."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE user_notification_settings DROP CONSTRAINT ck_settings_moments")
            yield
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.usefixtures("_unchecked")
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("end", [FIRST, LAST])
def test_a_stored_one_breaks_no_page(client, owner, end, zone):
    UserNotificationSettings.objects.create(
        user=owner, dnd_enabled=True, dnd_until=end, timezone=zone, digest_enabled=True, quiet_hours=[ALL_DAY]
    )
    tell(owner)
    client.force_login(owner)
    assert [client.get(page).status_code for page in PAGES] == [200] * len(PAGES)
    assert as_(owner).get(f"{V1}/notifications/settings").status_code == 200
    assert as_(owner).get(f"{V1}/notifications/digest").status_code == 200
    assert client.post("/notifications/do-not-disturb/").status_code == 302


def test_an_end_that_no_calendar_knows_is_none():
    settings = UserNotificationSettings(dnd_enabled=True, dnd_until=LAST, quiet_hours=[ALL_DAY], timezone="Asia/Tokyo")
    assert rules.free_from(settings, at=timezone.now()) is None
    assert rules.next_check(settings, now=timezone.now(), digest_at=None) is not None


@pytest.mark.parametrize("at", [FIRST, LAST])
@pytest.mark.parametrize("zone", ZONES)
def test_a_moment_that_a_zone_has_no_year_for_is_shown_as_it_is(at, zone):
    here, now = ZoneInfo(zone), timezone.now()
    assert times.full_time(at, zone=here).endswith(f"({zone})")
    assert times.short_time(at, now=now, zone=here)
    assert times.end_time(at, now=now, zone=here)
