"""Facts of the database itself: the rules that its tables have, and the file that it is."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.db import connection, models

# Rule of a foreign key by table and column, as PostgreSQL's catalogue has it.
KeyRules = dict[tuple[str, str], str]

# What PostgreSQL's catalogue calls what is to become of a row whose key goes.
_CALLED = {models.CASCADE: "c", models.SET_NULL: "n", models.RESTRICT: "r"}
_KEYS = """
SELECT rel.relname, att.attname, con.confdeltype::text FROM pg_constraint con
JOIN pg_class rel ON rel.oid = con.conrelid
JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
WHERE con.contype = 'f' AND con.convalidated AND rel.relname = ANY(%s)
  AND rel.relnamespace = current_schema()::regnamespace
"""
_TRIGGERS = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'set_updated_at' AND tgenabled <> 'D'"


def has_rules() -> bool:
    """Tell whether the database itself says what goes with what. SQLite doesn't: there the ORM does."""
    return connection.vendor == "postgresql"


def wanted_rules(of: Collection[type[models.Model]]) -> KeyRules:
    """Rules that the keys of these models should have."""
    found = {}
    for model in of:
        for field in model._meta.concrete_fields:
            remote: Any = field.remote_field
            if remote is not None and getattr(field, "db_constraint", False) and remote.on_delete in _CALLED:
                found[model._meta.db_table, str(field.column)] = _CALLED[remote.on_delete]
    return found


def key_rules(tables: Collection[str]) -> KeyRules:
    """Rules that the keys of these tables have. One query on PostgreSQL, where alone there are any."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [list(tables)])
        return {(table, column): rule for table, column, rule in cursor.fetchall()}


def tables_with_trigger() -> set[str]:
    """Tables whose `updated_at` PostgreSQL writes itself. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        return {table.rpartition(".")[2].strip('"') for (table,) in cursor.fetchall()}


def names_of(tables: Collection[str]) -> set[tuple[str, str]]:
    """Tables, each with the names of its constraints and indexes."""
    with connection.cursor() as cursor:
        return {(table, name) for table in tables for name in connection.introspection.get_constraints(cursor, table)}


def product() -> str:
    return str(connection.display_name)


def file() -> Path | None:
    """File that a SQLite database is; None for one in memory, and for a server."""
    name = str(connection.settings_dict["NAME"])
    return Path(name) if connection.vendor == "sqlite" and "memory" not in name else None
