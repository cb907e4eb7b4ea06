"""A table of another app that has the name of ours is named before `migrate` meets it."""

from __future__ import annotations

import pytest
from django.core import checks
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from events.checks import database

pytestmark = pytest.mark.django_db


@pytest.fixture
def unmigrated() -> None:
    MigrationRecorder(connection).record_unapplied("carillon_notifications", "0001_initial")


@pytest.fixture
def theirs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications RENAME TO notifications_before")
        cursor.execute("CREATE TABLE notifications (id integer PRIMARY KEY, text varchar(20))")


def said() -> list[str]:
    return [found.msg for found in checks.run_checks(databases=["default"]) if found.id == "carillon.E017"]


def test_another_s_table_of_our_name(unmigrated, theirs):
    (told,) = said()
    assert told.startswith("The database 'default' has a table 'notifications' that is not Carillon's")


def test_tables_with_our_columns_are_ours(unmigrated):
    assert said() == []


def test_where_ours_is_made_nothing_is_looked_at(theirs):
    assert said() == []


def test_a_look_at_a_migrated_database_is_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        assert database.foreign_tables() == []
