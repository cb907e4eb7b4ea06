"""Moments to choose from, on the person's own wall clock, over changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.preferences import presets

PARIS = ZoneInfo("Europe/Paris")
# A Saturday noon, the day before the clocks go back in Paris.
SATURDAY = datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
ZONES = ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "UTC"]


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("1h", datetime(2026, 10, 24, 11, 0, tzinfo=UTC)),
        ("evening", datetime(2026, 10, 24, 16, 0, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
        ("monday", datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
    ],
)
def test_a_preset_is_meant_on_the_wall_clock(name, at):
    assert presets.moment_of(name, now=SATURDAY, zone=PARIS) == at


def test_this_evening_is_offered_until_it_is_there():
    at_six = SATURDAY.replace(hour=16)
    assert "evening" in names(SATURDAY)
    assert "evening" not in names(at_six)


def test_a_monday_that_is_tomorrow_is_offered_once():
    assert names(SATURDAY + timedelta(days=1)) == ["1h", "evening", "tomorrow"]


@given(st.integers(0, 10 * 365 * 24 * 60), st.sampled_from(ZONES))
def test_what_is_offered_lies_ahead_and_within_a_week_and_a_day(minutes, zone):
    now = SATURDAY + timedelta(minutes=minutes)
    offers = presets.offered(presets.DND, now=now, zone=ZoneInfo(zone))
    assert all(timedelta() < offer.at - now < timedelta(days=8) for offer in offers)
    assert len({offer.at for offer in offers}) == len(offers)


def names(now: datetime) -> list[str]:
    return [offer.name for offer in presets.offered(presets.SNOOZE, now=now, zone=PARIS)]
