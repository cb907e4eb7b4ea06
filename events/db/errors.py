"""Errors of the database that say nothing against what was tried."""

from django.db import DatabaseError, OperationalError

_LOCK_TIMEOUT = "55P03"


def is_passing(error: Exception) -> bool:
    """Connection (08), serialization and deadlock (40), operator intervention (57P), and SQLite's lock."""
    if sqlstate := _sqlstate(error):
        return sqlstate.startswith(("08", "40", "57P"))
    return isinstance(error, OperationalError) and ("locked" in str(error) or "connection" in str(error))


def is_lock_timeout(error: Exception) -> bool:
    """Another transaction held a lock for longer than `lock_timeout`; never on SQLite."""
    return _sqlstate(error) == _LOCK_TIMEOUT


def _sqlstate(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    return getattr(cause, "sqlstate", None) or ""
