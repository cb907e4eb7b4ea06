"""Errors of databases: as Django raises them, by code, and a trigger that makes a real server raise one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def of_sqlstate(sqlstate: str) -> OperationalError:
    """Error as Django raises it for this SQLSTATE."""
    error = OperationalError(f"the database said {sqlstate}")
    error.__cause__ = DriverError(sqlstate)
    return error


def of_sqlite(code: int) -> OperationalError:
    """Error as Django raises it for this result of SQLite."""
    cause = sqlite3.OperationalError(f"SQLite said {code}")
    cause.sqlite_errorcode = code
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@contextmanager
def reading_only() -> Iterator[None]:
    """Make this thread's connection refuse writes, as one to a primary that was made read-only."""
    postgresql = connection.vendor == "postgresql"
    on, off = (
        ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
        if postgresql
        else ("PRAGMA query_only = on", "PRAGMA query_only = off")
    )
    execute(on)
    try:
        yield
    finally:
        execute(off)


@contextmanager
def full() -> Iterator[None]:
    """Keep the file of SQLite from growing, without a page to spare."""
    execute("VACUUM")
    with connection.cursor() as cursor:
        [pages] = cursor.execute("PRAGMA page_count").fetchone()
    execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        execute("PRAGMA max_page_count = 1073741823")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


REFUSE = """
CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {when} RAISE EXCEPTION 'no more' USING ERRCODE = '{sqlstate}'; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_{table}();
"""


@contextmanager
def raising(sqlstate: str, *, on: str, when: str = "true") -> Iterator[None]:
    """Make PostgreSQL refuse rows of this table with this SQLSTATE; `when`: which, as SQL about NEW."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE.format(table=on, when=f"IF {when} THEN", sqlstate=sqlstate))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER refuse ON {on}; DROP FUNCTION refuse_{on}()")
