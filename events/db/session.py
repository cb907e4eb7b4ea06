"""Locks and settings of the current transaction, and moments as its parameters."""

from datetime import datetime

from django.db import connection


def set_local(**settings: str) -> None:
    """Set what PostgreSQL calls these until the transaction ends: one query. SQLite has none of them: no query."""
    if connection.vendor == "postgresql":
        each = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {each}", [part for setting in settings.items() for part in setting])


def lock_table(table: str) -> None:
    """Let one writer at a time use the table until the transaction ends. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def datetime_param(at: datetime) -> str:
    """Moment as a parameter that is compared with a column or written to it."""
    return str(connection.ops.adapt_datetimefield_value(at))
