"""Whose fault an error is, by a table of SQLSTATEs, codes of SQLite and exceptions, and as real servers say it."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DataError, Error, InterfaceError, OperationalError, connection, transaction

from events.db.errors import Fault, fault, is_passing
from events.models import LogHead
from tests.events.fakes.database_errors import full, of_sqlite, of_sqlstate, raising, reading_only

BAD, NOBODY, UNKNOWN = Fault.BAD, Fault.NOBODY, Fault.UNKNOWN

SQLSTATES = {
    BAD: ["22001", "22P02", "22021", "23502", "23503", "23505", "23514", "P0001", "P0002"],
    NOBODY: [
        *("08000", "08006", "25006", "40001", "40P01", "53100", "53200", "53300", "53400"),
        *("55P03", "57P01", "57P02", "57P03", "57P05", "58000", "58030"),
    ],
    UNKNOWN: [
        "0A000",
        "21000",
        "25P02",
        "25P03",
        "25P04",
        "26000",
        "42501",
        "42P01",
        "54000",
        "57014",
        "XX000",
        "XX001",
    ],
}


@pytest.mark.parametrize(
    ("sqlstate", "expected"), [(state, of) for of, states in SQLSTATES.items() for state in states]
)
def test_a_sqlstate_says_whose_fault_it_is(sqlstate, expected):
    assert fault(of_sqlstate(sqlstate)) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, BAD),
        (sqlite3.SQLITE_TOOBIG, BAD),
        (sqlite3.SQLITE_BUSY, NOBODY),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, NOBODY),
        (sqlite3.SQLITE_LOCKED, NOBODY),
        (sqlite3.SQLITE_FULL, NOBODY),
        (sqlite3.SQLITE_IOERR_WRITE, NOBODY),
        (sqlite3.SQLITE_READONLY_DBMOVED, NOBODY),
        (sqlite3.SQLITE_CANTOPEN, NOBODY),
        (sqlite3.SQLITE_ERROR, UNKNOWN),
        (sqlite3.SQLITE_CORRUPT, UNKNOWN),
        (sqlite3.SQLITE_MISUSE, UNKNOWN),
    ],
)
def test_a_code_of_sqlite_says_whose_fault_it_is(code, expected):
    assert fault(of_sqlite(code)) is expected


def caused_by(cause: BaseException) -> Exception:
    error = RuntimeError("the handler's own words")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no such channel"), BAD),
        (KeyError("name"), BAD),
        (OSError("no space left on device"), UNKNOWN),
        (ConnectionRefusedError(), UNKNOWN),
        (TimeoutError(), UNKNOWN),
        (MemoryError(), UNKNOWN),
        (caused_by(ConnectionResetError()), UNKNOWN),
        (caused_by(of_sqlstate("53100")), NOBODY),
        (caused_by(ValueError()), BAD),
        (OperationalError("the connection is closed"), NOBODY),
        (InterfaceError("connection already closed"), NOBODY),
        (DataError("text fields cannot contain NUL bytes"), BAD),
        (transaction.TransactionManagementError(), UNKNOWN),
        (ExceptionGroup("two", [ValueError(), ConnectionRefusedError()]), UNKNOWN),
        (ExceptionGroup("two", [of_sqlstate("57P01"), ConnectionRefusedError()]), NOBODY),
        (ExceptionGroup("two", [ValueError(), KeyError()]), BAD),
    ],
    ids=repr,
)
def test_what_has_no_code_is_judged_by_its_kind(error, expected):
    assert fault(error) is expected


@pytest.mark.parametrize("sqlstate", ["08006", "25006", "25P03", "25P04", "53100", "57P01"])
def test_a_request_that_meets_trouble_of_the_server_may_be_tried_again(sqlstate):
    assert is_passing(of_sqlstate(sqlstate))


@pytest.mark.parametrize("error", [of_sqlstate("57014"), of_sqlstate("23505"), of_sqlstate("42P01"), OSError()])
def test_no_other_error_says_come_again(error):
    assert not is_passing(error)


@pytest.mark.service
@pytest.mark.parametrize(("sqlstate", "expected"), [("53100", NOBODY), ("P0001", BAD), ("XX000", UNKNOWN)])
def test_a_server_s_own_error_is_known_through_django(db, sqlstate, expected):
    with raising(sqlstate, on="log_head"), pytest.raises(Error) as caught, transaction.atomic():
        LogHead.objects.update(position=7)
    assert fault(caught.value) is expected


def failing(*statements: str) -> Error:
    """The error of the last."""
    with connection.cursor() as cursor:
        for statement in statements[:-1]:
            cursor.execute(statement)
        with pytest.raises(Error) as caught:
            cursor.execute(statements[-1])
    return caught.value


WRITE = "INSERT INTO log_head (id, position) VALUES (7, 7)"


@pytest.mark.service
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["SET LOCAL default_transaction_read_only = on", "SET TRANSACTION READ ONLY", WRITE], NOBODY),
        (["SET LOCAL statement_timeout = 20", "SELECT pg_sleep(5)"], UNKNOWN),
        (["SELECT 1 / 0"], BAD),
        (["SELECT * FROM no_such_table"], UNKNOWN),
    ],
    ids=["read_only", "statement_timeout", "division", "no_table"],
)
def test_real_errors_of_postgresql_are_known(db, statements, expected):
    assert fault(failing(*statements)) is expected


@pytest.mark.embedded
def test_a_full_sqlite_is_nobody_s_fault(committed):
    with full():
        fill = "INSERT INTO log_gaps (subscriber_id, after, up_to, events) SELECT 1, zeroblob(9000000), 1, 1"
        assert fault(failing(fill)) is NOBODY


@pytest.mark.embedded
def test_a_sqlite_that_only_reads_is_nobody_s_fault(committed):
    with reading_only():
        assert fault(failing(WRITE)) is NOBODY


@pytest.mark.embedded
def test_a_missing_table_of_sqlite_is_of_unknown_fault(committed):
    assert fault(failing("SELECT * FROM no_such_table")) is UNKNOWN
