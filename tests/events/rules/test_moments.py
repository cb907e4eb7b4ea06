"""Moments from outside lie from 1970 to 2200."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from events.errors import MomentRefused
from events.rules import moments

TOKYO = ZoneInfo("Asia/Tokyo")
AHEAD, BEHIND = timezone(timedelta(hours=23, minutes=59)), timezone(-timedelta(hours=23, minutes=59))


@pytest.mark.parametrize("at", [moments.EARLIEST, moments.LATEST, datetime(2026, 1, 1, 9, tzinfo=TOKYO)])
def test_what_is_accepted_comes_back_in_utc(at):
    assert moments.checked(at, field="since") == at
    assert moments.checked(at, field="since").tzinfo is UTC


@pytest.mark.parametrize(
    "at",
    [
        moments.EARLIEST - timedelta(microseconds=1),
        moments.LATEST + timedelta(microseconds=1),
        datetime.min.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=AHEAD),
        datetime.max.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=BEHIND),
        datetime.max.replace(tzinfo=TOKYO),
    ],
)
def test_what_is_beyond_is_refused_by_name(at):
    with pytest.raises(MomentRefused, match="from 1970-01-01 to 2200-01-01") as refused:
        moments.checked(at, field="since")
    assert (refused.value.field, refused.value.code) == ("since", "out_of_range")


def test_a_form_s_time_is_meant_in_its_zone():
    assert moments.on_wall_clock("2026-11-24T08:00", zone=TOKYO, field="since") == datetime(
        2026, 11, 23, 23, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid"),
        ("soon", "invalid"),
        ("2026-13-01T00:00", "invalid"),
        ("10000-01-01T00:00", "invalid"),
        ("0001-01-01T00:00", "out_of_range"),
        ("9999-12-31T23:59", "out_of_range"),
    ],
)
def test_a_form_s_time_that_is_none_is_refused_by_name(text, code):
    with pytest.raises(MomentRefused) as refused:
        moments.on_wall_clock(text, zone=TOKYO, field="since")
    assert (refused.value.field, refused.value.code) == ("since", code)
