"""One clock: what is decided goes by the database's, however wrong this machine's is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from events.db import clock
from events.sweep import sweep
from notifications.models import Notification
from tests.notifications.factories.routing import publish_and_route, store_settings

ROOT = Path(__file__).resolve().parents[3]
# The clock itself, and demo data, which decide nothing.
MAY_ASK = {"events/db/clock.py", "config/demo.py"}
HOURS = timedelta(hours=2)


@pytest.fixture
def hours_ahead(db, monkeypatch) -> None:
    """This machine's clock is two hours ahead of the database's."""
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + HOURS)
    monkeypatch.setattr(clock, "_last", None)


def test_no_other_module_asks_this_machine_for_the_time():
    sources = [path for app in ("config", "events", "notifications", "delivery") for path in (ROOT / app).rglob("*.py")]
    asking = {str(path.relative_to(ROOT)) for path in sources if "timezone.now" in path.read_text()}
    assert asking == MAY_ASK


@pytest.mark.embedded
def test_on_sqlite_the_clock_is_this_machine_s(hours_ahead):
    for look in (clock.now, clock.estimate, clock.known):
        assert look() - datetime.now(UTC) > HOURS - timedelta(seconds=5)


@pytest.mark.service
@pytest.mark.parametrize("look", [clock.now, clock.estimate])
def test_the_database_s_clock_counts_however_wrong_this_machine_s_is(hours_ahead, look):
    before = datetime.now(UTC)
    assert abs(look() - before) < timedelta(seconds=60)
    assert abs(clock.ahead() - HOURS) < timedelta(seconds=60)


@pytest.mark.service
def test_an_estimate_never_runs_ahead_of_the_clock(db):
    for _ in range(20):
        clock.now()
        assert clock.estimate() <= clock.now()


@pytest.mark.service
@pytest.mark.parametrize(("age", "queries"), [(1.0, 0), (clock.LOOK_EVERY + 1, 1)])
def test_an_estimate_is_a_query_only_where_the_last_look_is_old(
    db, monkeypatch, django_assert_num_queries, age, queries
):
    look = clock.Look(datetime.now(UTC) - timedelta(seconds=age), time.monotonic() - age, timedelta())
    monkeypatch.setattr(clock, "_last", look)
    with django_assert_num_queries(queries):
        assert abs(clock.estimate() - datetime.now(UTC)) < timedelta(seconds=60)


@pytest.mark.service
def test_what_is_not_known_is_not_guessed(monkeypatch):
    monkeypatch.setattr(clock, "_last", None)
    with pytest.raises(LookupError):
        clock.known()


@pytest.mark.service
@pytest.mark.usefixtures("hours_ahead")
def test_a_worker_that_is_off_says_so_once(caplog):
    for _ in range(3):
        sweep()
    said = [record.getMessage() for record in caplog.records if record.name == "carillon.sweeper"]
    assert len(said) == 1
    assert said[0].startswith("This machine's clock differs from the database's: +7")


@pytest.mark.service
@pytest.mark.usefixtures("hours_ahead")
def test_readiness_names_how_far_it_is_off():
    body = Client().get("/readyz?exclude=broker&exclude=layer").json()
    assert abs(body["clock_ahead_seconds"] - HOURS.total_seconds()) < 60


@pytest.mark.service
@pytest.mark.usefixtures("hours_ahead")
def test_a_quiet_hour_is_not_over_because_a_worker_s_clock_is_ahead(owner):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [now] = cursor.fetchone()
    store_settings(owner, dnd_enabled=True, dnd_until=now + HOURS / 2)
    publish_and_route("job.completed", actor=owner)
    assert Notification.objects.get(channel="in_app").hold == "dnd"
