"""Do-not-disturb, quiet hours and digests silence the toast and hold what would go out; the feed has it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from events.bus import publish
from notifications.holds.calendar import is_within
from notifications.models import Inbox, Notification
from tests.accounts.factory import name_field
from tests.notifications.factories.routing import JOB, NOON, route, store_preference, store_settings

pytestmark = pytest.mark.usefixtures("_tied")

WEEK = list(range(7))
NIGHT = [{"days": WEEK, "start": "22:00", "end": "07:00"}]


def hold(owner, *, now: datetime = NOON, event_type: str = "job.completed") -> str:
    """How a row of the owner written at this time is held; and that only an unheld one toasts."""
    [row] = route(publish(event_type, source=JOB), now=now).rows
    assert row.toast is (row.hold == "none")
    return Notification.objects.get(user=owner).hold


def test_nobody_is_held_by_default(owner):
    assert hold(owner) == "none"


def test_dnd_without_an_end_holds(owner):
    store_settings(owner, dnd_enabled=True)
    assert hold(owner) == "dnd"


def test_dnd_holds_until_its_end(owner):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + timedelta(seconds=1))
    assert hold(owner) == "dnd"


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=1), timedelta(days=300)])
def test_a_passed_end_reads_as_off(owner, ago):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON - ago)
    assert hold(owner) == "none"


def test_an_end_alone_is_no_dnd(owner):
    store_settings(owner, dnd_enabled=False, dnd_until=NOON + timedelta(hours=1))
    assert hold(owner) == "none"


def test_a_digest_holds(owner):
    store_settings(owner, digest_enabled=True)
    assert hold(owner) == "digest"


def test_dnd_comes_before_quiet_hours_and_digest(owner):
    store_settings(
        owner, dnd_enabled=True, digest_enabled=True, quiet_hours=[{"days": WEEK, "start": "00:00", "end": "23:59"}]
    )
    assert hold(owner) == "dnd"


def test_quiet_hours_come_before_the_digest(owner):
    store_settings(owner, digest_enabled=True, quiet_hours=[{"days": WEEK, "start": "00:00", "end": "23:59"}])
    assert hold(owner) == "quiet"


def test_a_held_row_is_unread_in_the_feed_and_delivered(owner):
    store_settings(owner, dnd_enabled=True)
    hold(owner)
    row = Notification.objects.get(user=owner)
    assert (row.is_read, row.is_delivered, row.feed_seq, Inbox.objects.get(pk=owner.pk).unread_count) == (
        False,
        True,
        1,
        1,
    )


@pytest.mark.parametrize("chosen", [{"dnd_enabled": True}, {"digest_enabled": True}, {"quiet_hours": NIGHT}])
def test_critical_types_pass_every_hold(admin, chosen):
    store_settings(admin, **chosen)
    assert hold(admin, event_type="system.gpu_critical", now=NOON.replace(hour=23)) == "none"


def test_what_is_held_opens_no_delivery(owner, recorder):
    store_preference(owner, "job.completed", channels=["in_app", "email"])
    store_settings(owner, dnd_enabled=True)
    route(publish("job.completed", source=JOB))
    assert Notification.objects.get(channel="email").hold == "dnd"
    assert recorder.opened == []


def test_a_critical_one_opens_it_at_once(admin, recorder):
    store_preference(admin, "system.restart", channels=["in_app", "email"])
    store_settings(admin, dnd_enabled=True)
    route(publish("system.restart"))
    assert [row.user_id for row in recorder.opened] == [admin.pk]


def test_one_persons_hold_is_not_anothers(owner, watcher):
    store_settings(owner, dnd_enabled=True)
    route(publish("review.comment", source=JOB))
    assert Notification.objects.get(user=watcher).hold == "none"


@pytest.mark.parametrize(
    ("clock", "quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_go_over_midnight(owner, clock, quiet):
    store_settings(owner, quiet_hours=NIGHT)
    hour, minute = map(int, clock.split(":"))
    assert hold(owner, now=NOON.replace(hour=hour, minute=minute)) == ("quiet" if quiet else "none")


def test_quiet_hours_follow_the_persons_own_clock(owner):
    store_settings(owner, quiet_hours=NIGHT, timezone="Asia/Tokyo")
    assert hold(owner, now=datetime(2026, 3, 4, 13, 30, tzinfo=UTC)) == "quiet"


@pytest.mark.parametrize(("utc_hour", "quiet"), [(20, True), (21, True), (5, False)])
def test_quiet_hours_follow_summer_time(owner, utc_hour, quiet):
    store_settings(owner, quiet_hours=NIGHT, timezone="Europe/Paris")
    assert hold(owner, now=datetime(2026, 7, 1, utc_hour, tzinfo=UTC)) == ("quiet" if quiet else "none")


@pytest.mark.parametrize(
    ("day", "hour", "quiet"), [(4, 23, True), (5, 3, True), (5, 23, False), (4, 3, False), (6, 3, False)]
)
def test_a_night_belongs_to_the_day_it_begins(day, hour, quiet):
    """Fridays only: Friday night reaches into Saturday; Friday's small hours belong to Thursday."""
    monday = datetime(2026, 3, 2, tzinfo=ZoneInfo("UTC"))
    windows = [{"days": [4], "start": "22:00", "end": "07:00"}]
    assert is_within(windows, local=monday + timedelta(days=day, hours=hour)) is quiet


def test_a_window_within_the_day_counts_on_its_days_only():
    windows = [{"days": [0], "start": "09:00", "end": "17:00"}]
    tuesday = datetime(2026, 3, 3, 12, tzinfo=ZoneInfo("UTC"))
    assert not is_within(windows, local=tuesday)
    assert is_within(windows, local=tuesday - timedelta(days=1))


@pytest.mark.parametrize(
    "chosen",
    [
        {"timezone": "Mars/Olympus", "quiet_hours": NIGHT},
        {"timezone": "../etc/passwd", "quiet_hours": NIGHT},
        {"quiet_hours": [{"days": WEEK}]},
        {"quiet_hours": "always"},
        {"quiet_hours": [{"days": 3, "start": "late", "end": None}]},
    ],
)
def test_settings_that_make_no_sense_keep_nobody_from_being_told(owner, watcher, chosen):
    """Other programs write these tables too: one person's row must not park the event for everybody."""
    store_settings(owner, **chosen)
    route(publish("review.comment", source=JOB))
    assert dict(Notification.objects.values_list(f"user__{name_field()}", "hold")) == {
        "owner": "none",
        "watcher": "none",
    }
