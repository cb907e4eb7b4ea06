"""The embedded profile's hold on its database file: one process only, and one connection that stays open."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path


class DatabaseTakenError(Exception):
    """Another process has this database."""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock the database against a second all-in-one process, which would have a broker and a clock of its own.

    The connection kept open spares every other one the checkpoint that SQLite does at the last close.
    """
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise DatabaseTakenError(
                f"Another process (number {owner}) already serves {path}: stop it, or set DATABASE_URL to another file."
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        with contextlib.closing(sqlite3.connect(path)) as keeper:
            keeper.execute("PRAGMA journal_mode=WAL")
            keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield
    finally:
        os.close(lock)
