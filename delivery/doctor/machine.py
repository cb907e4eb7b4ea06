"""Checks of this machine: its clock, and who may write and read which files."""

import os
import sys
from pathlib import Path

from delivery.conf import conf
from delivery.doctor.check import Finding, named, ok, warn, wrong
from events.db import catalog, clock

# Seconds; those of a minute are refused by receivers of signed webhooks, sooner or later.
MOST_OFF = 5.0


def clocks() -> Finding:
    clock.now()
    off = clock.ahead().total_seconds()
    said = f"This machine's clock is {off:+.1f} s from the database's."
    do = "Let both follow a time server."
    if abs(off) > clock.MOST_OFF.total_seconds():
        return wrong(said, do=do)
    return warn(said, do=do) if abs(off) > MOST_OFF else ok(said)


def files() -> Finding:
    """Folders that are written to, and files with secrets that only their owner may read."""
    if shut := [str(folder) for folder in _folders() if not os.access(folder, os.W_OK | os.X_OK)]:
        return wrong(f"This user can't write to {named(shut)}.", do="Create them, or give them to this user.")
    if open_ := [str(path) for path in _secret_files() if path.stat().st_mode & 0o077]:
        return warn(f"Others on this machine may read {named(open_)}.", do="chmod 600, and 700 for folders.")
    return ok("Folders can be written to, and secrets are for their owner alone.")


def _folders() -> list[Path]:
    archive = [Path(conf.ARCHIVE_DIR)] if conf.ARCHIVE_DIR else []
    return [*archive, *(path.parent for path in _database_files())]


def _secret_files() -> list[Path]:
    # As `manage.py`, which stands beside it, reads it.
    environment = os.environ.get("ENV_FILE", str(Path(sys.argv[0]).resolve().parent / ".env"))
    archived = Path(conf.ARCHIVE_DIR).glob("*.jsonl.gz") if conf.ARCHIVE_DIR else []
    found = [Path(environment)] if environment else []
    return [path for path in (*found, *_database_files(), *archived) if path.is_file()]


def _database_files() -> list[Path]:
    file = catalog.file()
    return [file] if file else []
