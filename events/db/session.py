"""Locks and settings of the current transaction, and moments as its parameters."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction


def set_local(**settings: str) -> None:
    """Set what PostgreSQL calls these until the transaction ends: one query. SQLite has none of them: no query."""
    if connection.vendor == "postgresql":
        each = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {each}", [part for setting in settings.items() for part in setting])


@contextmanager
def joined_by_index() -> Iterator[None]:
    """Transaction in which PostgreSQL finds rows by an index and what belongs to each by its key: where few rows are
    looked through with conditions that say nothing of their number, it would read other tables whole. One query.

    SQLite joins so anyway.
    """
    with transaction.atomic():
        loops = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off")
        # In the order in which they are joined, too: else it may begin with the other table.
        set_local(**loops, max_parallel_workers_per_gather="0", join_collapse_limit="1")
        yield


@contextmanager
def trial(*, milliseconds: int) -> Iterator[None]:
    """Transaction that is always rolled back: whether the database takes what is done in it.

    It waits at most so long, for a lock or on PostgreSQL for a statement. SQLite writes to the disk what it would else
    keep in memory until the commit.
    """
    with _sqlite_settings(busy_timeout=milliseconds, cache_size=1), transaction.atomic():
        set_local(lock_timeout=f"{milliseconds}ms", statement_timeout=f"{milliseconds}ms")
        yield
        transaction.set_rollback(True)


@contextmanager
def savepoint_if_asked() -> Iterator[None]:
    """Savepoint around code of others inside a transaction, made when it asks the database anything: no query where it
    doesn't, and its failed statement fails no more than itself."""
    begun = False

    def begin(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal begun
        if not begun and connection.in_atomic_block:
            begun = True
            savepoint.enter_context(transaction.atomic())
        return execute(sql, params, many, context)

    with ExitStack() as savepoint, connection.execute_wrapper(begin):
        yield


@contextmanager
def limited(*, seconds: float) -> Iterator[None]:
    """Savepoint around code of others that reads: it has so long, then its statement fails, or the next one it begins.

    Two queries on PostgreSQL, beside those of the savepoint. What asks the database nothing can't be cut short.
    """
    end = time.monotonic() + seconds

    def in_time(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if time.monotonic() > end:
            raise TimeoutError(f"it took longer than {seconds} s")
        return execute(sql, params, many, context)

    with transaction.atomic(), _ended_at(end, seconds=seconds), connection.execute_wrapper(in_time):
        yield


@contextmanager
def _ended_at(end: float, *, seconds: float) -> Iterator[None]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)",
                [f"{round(seconds * 1000)}ms"],
            )
            before = cursor.fetchone()[0]
        yield
        # Where it fails, the savepoint's end puts it back.
        set_local(statement_timeout=before)
        return
    connection.connection.set_progress_handler(lambda: time.monotonic() > end, 1000)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


@contextmanager
def _sqlite_settings(**settings: int) -> Iterator[None]:
    """Set what SQLite calls these for this connection, and put back what they were. PostgreSQL: nothing."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in settings}
    try:
        _set_sqlite(settings)
        yield
    finally:
        _set_sqlite(before)


def _set_sqlite(settings: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"PRAGMA {name} = {value}")


def lock_table(table: str) -> None:
    """Let one writer at a time use the table until the transaction ends. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def datetime_param(at: datetime) -> str:
    """Moment as a parameter that is compared with a column or written to it."""
    return str(connection.ops.adapt_datetimefield_value(at))
