"""What the buttons and the date of do-not-disturb mean, and the words for times beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from notifications.holds import rules
from notifications.pages.preferences.dnd_presets import changes_of
from notifications.preferences.settings import settings_of
from notifications.presentation.times import day_name, end_time, short_time

PARIS = ZoneInfo("Europe/Paris")
# A Saturday, the evening before the clocks go back in Paris.
SATURDAY = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("preset", "end"),
    [
        ("30m", datetime(2026, 10, 24, 21, 0, tzinfo=UTC)),
        ("monday", datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
        ("open", None),
    ],
)
def test_a_button_switches_it_on_until_its_moment(preset, end):
    assert changes_of({"preset": preset}, now=SATURDAY, zone=PARIS) == {"dnd_enabled": True, "dnd_until": end}


def test_no_choice_switches_it_off():
    assert changes_of({}, now=SATURDAY, zone=PARIS) == {"dnd_enabled": False}


def test_an_end_of_one_s_own_is_in_one_s_own_zone():
    chosen = changes_of({"preset": "at", "day": "2026-10-26", "time": "08:00"}, now=SATURDAY, zone=PARIS)
    assert chosen["dnd_until"] == datetime(2026, 10, 26, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "form",
    [{"preset": "evening"}, {"preset": "at"}, {"preset": "at", "day": "soon", "time": "25:00"}, {"preset": "for ever"}],
)
def test_an_end_that_is_none_is_refused(form):
    with pytest.raises(ValueError):
        changes_of(form, now=SATURDAY, zone=PARIS)


@pytest.mark.django_db
def test_a_form_alone_switches_it_on_and_off_and_says_what_it_refuses(client, owner):
    client.force_login(owner)
    place, back = reverse("carillon:do-not-disturb"), {"next": "/notifications/preferences/#when"}
    answer = client.post(place, back | {"preset": "1h"})
    assert answer["Location"] == back["next"]
    chosen = settings_of(owner.pk)
    assert rules.is_dnd(chosen, now=chosen.updated_at)
    client.post(place, back)
    assert not settings_of(owner.pk).dnd_enabled
    refused = client.post(place, {"preset": "at", "day": "2020-01-01", "time": "08:00"}, follow=True)
    assert "That time has passed." in refused.content.decode()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 10, 24, 12, 5, tzinfo=UTC), "14:05"),
        (datetime(2026, 10, 23, 12, 5, tzinfo=UTC), "Yesterday 14:05"),
        (datetime(2026, 3, 1, 12, 5, tzinfo=UTC), "1 Mar, 13:05"),
        (datetime(2025, 3, 1, 12, 5, tzinfo=UTC), "1 Mar 2025, 13:05"),
    ],
)
def test_times_in_words(at, words):
    assert short_time(at, now=SATURDAY, zone=PARIS) == words


def test_days_and_ends_in_words():
    today = SATURDAY.astimezone(PARIS).date()
    assert day_name(today, today=today) == "Today"
    assert end_time(datetime(2026, 10, 26, 7, 0, tzinfo=UTC), now=SATURDAY, zone=PARIS) == "Mon 26 Oct, 08:00"
