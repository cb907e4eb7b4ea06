"""Table of whose fault an error is: SQLSTATEs of PostgreSQL, codes of SQLite and exceptions of Python. Pure."""

from collections.abc import Iterator
from enum import StrEnum

from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError


class Fault(StrEnum):
    """`bad`: of what was tried, which fails again however often. `nobody`: of the server, whatever is tried; it passes.
    `unknown`: of either."""

    BAD = "bad"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


class HostCodeError(Exception):
    """A function of the project around failed. What it was asked for is not to blame: the next release may mend it."""


_LOCK_TIMEOUT = "55P03"
_READ_ONLY = "25006"
# A transaction that idled or lasted too long: the server ended its connection.
_TIMED_OUT = ("25P03", "25P04")
# Values, constraints, and what functions of the database raise on purpose.
_BAD_CLASSES = ("22", "23", "P0")
# Connection, serialization and deadlock, resources, operator intervention, system.
_NOBODY_CLASSES = ("08", _READ_ONLY, "40", "53", _LOCK_TIMEOUT, "57P", "58")
# Trouble that a smaller batch may not meet.
_RESOURCES = ("53", _LOCK_TIMEOUT)

# SQLite's primary codes: TOOBIG, CONSTRAINT, MISMATCH.
_SQLITE_BAD = {18, 19, 20}
_SQLITE_BUSY = {5, 6}
# BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.
_SQLITE_NOBODY = {*_SQLITE_BUSY, 7, 8, 10, 13, 14, 15}


def fault(error: BaseException) -> Fault:
    """Look at the error, then at what caused it: the first that says something decides; what nothing excuses is bad."""
    if isinstance(error, BaseExceptionGroup):
        faults = {fault(each) for each in error.exceptions}
        return next((each for each in (Fault.NOBODY, Fault.UNKNOWN) if each in faults), Fault.BAD)
    for each in _chain(error):
        if sqlstate := getattr(each, "sqlstate", None):
            return _of_sqlstate(sqlstate)
        if code := getattr(each, "sqlite_errorcode", None):
            return _of_sqlite(code)
        if isinstance(each, OSError | MemoryError | HostCodeError):
            return Fault.UNKNOWN
    return _without_code(error) if isinstance(error, Error) else Fault.BAD


def is_passing(error: BaseException) -> bool:
    """True for trouble of the database that says nothing against what was tried; no query, no batch mends it."""
    return any(isinstance(each, Error) for each in _chain(error)) and (
        fault(error) is Fault.NOBODY or _sqlstate(error) in _TIMED_OUT
    )


def is_lock_timeout(error: BaseException) -> bool:
    """Another transaction held a lock for longer than `lock_timeout`; never on SQLite."""
    return _sqlstate(error) == _LOCK_TIMEOUT


def is_busy(error: BaseException) -> bool:
    """SQLite's one writer was another, for longer than one waits; never on PostgreSQL."""
    return any(getattr(each, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY for each in _chain(error))


def is_eased_by_less(error: BaseException) -> bool:
    """True unless the server can't do anything at all now, however little."""
    return fault(error) is not Fault.NOBODY or _sqlstate(error).startswith(_RESOURCES)


def _of_sqlstate(sqlstate: str) -> Fault:
    if sqlstate.startswith(_BAD_CLASSES):
        return Fault.BAD
    return Fault.NOBODY if sqlstate.startswith(_NOBODY_CLASSES) else Fault.UNKNOWN


def _of_sqlite(code: int) -> Fault:
    primary = code & 0xFF
    if primary in _SQLITE_BAD:
        return Fault.BAD
    return Fault.NOBODY if primary in _SQLITE_NOBODY else Fault.UNKNOWN


def _without_code(error: Error) -> Fault:
    """Errors of the driver, which never reached the server or lost it."""
    if isinstance(error, DataError | IntegrityError):
        return Fault.BAD
    return Fault.NOBODY if isinstance(error, OperationalError | InterfaceError) else Fault.UNKNOWN


def _sqlstate(error: BaseException) -> str:
    return next((state for each in _chain(error) if (state := getattr(each, "sqlstate", None))), "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on."""
    seen = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
