"""The five tables that other programs read and write hold every column, default, key and index first specified.

The specification itself is made beside ours, and both are read back from the database's own catalogue.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

DDL = Path(__file__).with_name("seed_tables.sql").read_text()
TABLES = ("event_types", "events", "notifications", "notification_preferences", "user_notification_settings")

pytestmark = pytest.mark.django_db


def ask(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


class OnPostgreSQL:
    """The specification as a schema of its own, in the test's transaction."""

    COLUMNS = """SELECT column_name, data_type, is_nullable,
        CASE WHEN column_name = 'id' THEN 'key' ELSE column_default END FROM information_schema.columns
        WHERE table_schema = %s AND table_name = %s"""
    KEYS = """SELECT a.attname, t.relname, c.confdeltype, c.confupdtype FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] JOIN pg_class t ON t.oid = c.confrelid
        WHERE c.contype = 'f' AND c.conrelid = %s::regclass"""
    INDEXES = """SELECT i.indisunique, pg_get_expr(i.indpred, i.indrelid),
        array_agg(a.attname || CASE WHEN i.indoption[k.place - 1] & 1 = 1 THEN ' desc' ELSE '' END ORDER BY k.place)
        FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        JOIN pg_opclass o ON o.oid = i.indclass[k.place - 1] AND o.opcname NOT LIKE '%%pattern%%'
        WHERE i.indrelid = %s::regclass GROUP BY i.indexrelid, i.indisunique, i.indpred, i.indrelid"""

    def make(self) -> None:
        ask_nothing("CREATE SCHEMA seed")
        ask_nothing("SET LOCAL search_path TO seed")
        ask_nothing("CREATE TABLE users (id BIGSERIAL PRIMARY KEY)")
        ask_nothing(DDL)
        ask_nothing("SET LOCAL search_path TO public")

    def columns(self, table: str, *, ours: bool) -> set[Any]:
        rows = ask(self.COLUMNS, "public" if ours else "seed", table)
        # A person's key has the type of Django's own users table.
        return {(name, "user key" if name.endswith("user_id") else kind, *rest) for name, kind, *rest in rows}

    def keys(self, table: str, *, ours: bool) -> set[Any]:
        rows = ask(self.KEYS, table if ours else f"seed.{table}")
        return {(column, target.replace("auth_user", "users"), *rules) for column, target, *rules in rows}

    def indexes(self, table: str, *, ours: bool) -> set[Any]:
        rows = ask(self.INDEXES, table if ours else f"seed.{table}")
        same = {"(NOT is_read)": "(is_read = false)"}
        return {(unique, same.get(where, where), tuple(columns)) for unique, where, columns in rows}


class OnSQLite:
    """The specification in tables with a prefix; SQLite keeps no rules for Django's keys, the ORM does."""

    TYPES = {"BIGINT": "bigint", "BOOLEAN": "bool", "TIMESTAMPTZ": "datetime", "JSONB": "text", "TEXT": "text"}

    def make(self) -> None:
        ddl = DDL.replace("DEFAULT NOW()", "DEFAULT CURRENT_TIMESTAMP").replace("BIGSERIAL", "INTEGER")
        for table in TABLES:
            ddl = ddl.replace(f"TABLE {table} ", f"TABLE seed_{table} ").replace(f" ON {table}(", f" ON seed_{table}(")
        for statement in ddl.replace("INDEX ", "INDEX seed_").split(";"):
            ask_nothing(statement)

    def columns(self, table: str, *, ours: bool) -> set[Any]:
        rows = ask(f"PRAGMA table_info({table if ours else 'seed_' + table})")
        return {
            (name, self.TYPES.get(kind, kind.lower()), not_null, default is not None)
            for _, name, kind, not_null, default, _ in rows
            if name != "id" and not name.endswith("user_id")
        }

    def keys(self, table: str, *, ours: bool) -> set[Any]:
        rows = ask(f"PRAGMA foreign_key_list({table if ours else 'seed_' + table})")
        return {(row[3], row[2].replace("auth_user", "users")) for row in rows}

    def indexes(self, table: str, *, ours: bool) -> set[Any]:
        found = set()
        for _, name, unique, _, partial in ask(f"PRAGMA index_list({table if ours else 'seed_' + table})"):
            columns = ask(f"PRAGMA index_xinfo({name})")
            found.add((unique, partial, tuple((row[2], row[3]) for row in columns if row[5])))
        return found


def ask_nothing(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def seed(db) -> OnPostgreSQL | OnSQLite:
    made = OnPostgreSQL() if connection.vendor == "postgresql" else OnSQLite()
    made.make()
    return made


@pytest.mark.parametrize("table", TABLES)
def test_every_specified_column_is_there_as_specified(seed, table):
    assert seed.columns(table, ours=False) <= seed.columns(table, ours=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_foreign_key_goes_where_it_should_and_keeps_its_rules(seed, table):
    assert seed.keys(table, ours=False) <= seed.keys(table, ours=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_index_and_unique_constraint_is_there(seed, table):
    assert seed.indexes(table, ours=False) <= seed.indexes(table, ours=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_required_column_that_is_ours_has_a_default_in_the_database(seed, table):
    specified = {column[0] for column in seed.columns(table, ours=False)}
    for name, _, required, default in seed.columns(table, ours=True):
        if name not in specified and required in (1, "NO"):
            assert default, name


@pytest.mark.service
def test_every_key_of_ours_says_what_a_deletion_by_another_program_does():
    ours = {model._meta.db_table for model in apps.get_models() if model._meta.app_label.startswith("carillon_")}
    unruled = ask("SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'a'")
    assert ours & {table for (table,) in unruled} == set()
