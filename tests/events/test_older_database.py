"""A database of Carillon 0.1 is refused in one sentence; a host project's own app `events` is not taken for it."""

from __future__ import annotations

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from events.checks.database import REFUSAL, is_older

pytestmark = pytest.mark.django_db


def applied(*names: str) -> None:
    for name in names:
        MigrationRecorder(connection).record_applied("events", name)


@pytest.fixture
def older() -> None:
    applied("0001_initial", "0002_seeded_types", "0003_database_rules", "0006_log_gaps")


def refused() -> list[str]:
    return [found.msg for found in checks.run_checks(databases=["default"]) if found.id == "carillon.E004"]


def test_migrate_refuses_it(older):
    with pytest.raises(CommandError, match=REFUSAL):
        call_command("migrate", skip_checks=False)


def test_web_refuses_it(older):
    with pytest.raises(CommandError, match=f"^{REFUSAL}$"):
        call_command("web")


@pytest.mark.parametrize(
    "theirs",
    [
        (),
        ("0001_initial", "0002_venues", "0003_tickets", "0006_log_gaps"),
        ("0001_initial", "0002_seeded_types"),
        ("0001_initial", "0002_places", "0003_database_rules"),
    ],
)
def test_a_host_s_own_app_of_that_name_is_not_taken_for_it(theirs):
    applied(*theirs)
    assert refused() == []


@pytest.mark.parametrize("theirs", [(), ("0001_initial",)])
def test_a_look_is_two_queries(theirs, django_assert_num_queries):
    applied(*theirs)
    with django_assert_num_queries(2):
        assert not is_older()


def test_nothing_is_asked_of_the_database_by_checks_that_name_none(older, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert [found for found in checks.run_checks() if found.id == "carillon.E004"] == []


def test_a_database_that_is_away_is_for_others_to_tell(monkeypatch):
    away = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all.sqlite3"}
    monkeypatch.setattr("events.checks.database.connections", ConnectionHandler({"default": away}))
    assert not is_older()
