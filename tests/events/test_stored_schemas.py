"""Schemas in the table that refuse every payload are named by a check, before a publisher meets them."""

from __future__ import annotations

import pytest
from django.core import checks
from django.core.management import call_command
from django.db.utils import ConnectionHandler

from events.checks.database import MOST_NAMED, unusable_schemas
from events.models import EventType

pytestmark = pytest.mark.django_db
LOOK_AHEAD = {"properties": {"a": {"pattern": "a(?=b)"}}}


def stored(name: str, schema: object) -> None:
    EventType.objects.create(name=name, category="job", schema=schema)


def named() -> list[str]:
    return [found.msg for found in checks.run_checks(databases=["default"]) if found.id == "carillon.W002"]


def test_the_seeded_types_are_fine():
    assert named() == []


def test_a_pattern_that_cannot_be_compiled_is_named_with_its_type_and_reason():
    stored("job.mailed", LOOK_AHEAD)
    [said] = named()
    assert said.startswith("Event type job.mailed: schema has the pattern 'a(?=b)', which RE2 can't compile: invalid")


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "https://example.com/"}, {"type": "text"}, [1], "text", {"properties": {"a": {"$id": "b"}}}],
    ids=str,
)
def test_whatever_else_refuses_payloads_is_named_too(schema):
    stored("job.odd", schema)
    assert len(named()) == 1


def test_migrate_says_it_and_goes_on(capsys):
    stored("job.mailed", LOOK_AHEAD)
    call_command("migrate", skip_checks=False)
    assert "job.mailed" in capsys.readouterr().err


def test_a_look_is_one_query_and_names_a_few(django_assert_num_queries):
    for number in range(MOST_NAMED + 5):
        stored(f"job.odd{number}", LOOK_AHEAD)
    with django_assert_num_queries(1):
        assert len(unusable_schemas()) == MOST_NAMED


def test_checks_that_name_no_database_ask_none(django_assert_num_queries):
    stored("job.mailed", LOOK_AHEAD)
    with django_assert_num_queries(0):
        assert [found for found in checks.run_checks() if found.id == "carillon.W002"] == []


def test_before_migrate_there_is_nothing_to_say(monkeypatch):
    monkeypatch.setattr(EventType._meta, "db_table", "not_there_yet")
    assert unusable_schemas() == {}


def test_a_database_that_is_away_is_for_others_to_tell(monkeypatch):
    away = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all.sqlite3"}
    monkeypatch.setattr("events.checks.database.connections", ConnectionHandler({"default": away}))
    assert unusable_schemas() == {}
