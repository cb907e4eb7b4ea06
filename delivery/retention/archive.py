"""Archive of what is pruned: compressed JSON lines, by table and day, on the disk before the rows are gone.

`ARCHIVE_DIR/notifications-2026-03-04.jsonl.gz` holds rows made on that day (UTC), a line each. Every batch is a gzip
member of its own, so a file is only ever appended to; docs/retention.md says how to read it.
"""

import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 64 * 1024
LEVEL = 6

Row = Mapping[str, Any]


class Archive:
    """Folder of such files. Several processes may write to the same one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Bytes of each file when it was last left, whole.
        self._whole: dict[Path, int] = {}

    def keep(self, table: str, rows: Iterable[Row], *, made: str) -> None:
        """Append the rows, each to the file of the day in its column `made`; on the disk when this returns.

        Raises OSError: then the rows must stay where they are.
        """
        members: dict[date, BytesIO] = {}
        writers: dict[date, gzip.GzipFile] = {}
        for row in rows:
            day = row[made].astimezone(UTC).date()
            if day not in writers:
                members[day] = BytesIO()
                writers[day] = gzip.GzipFile(fileobj=members[day], mode="wb", compresslevel=LEVEL, mtime=0)
            writers[day].write(_line(row))
        for day, writer in writers.items():
            writer.close()
            self._append(self._folder / f"{table}-{day:%Y-%m-%d}.jsonl.gz", members[day].getvalue())

    def _append(self, path: Path, member: bytes) -> None:
        is_new = not path.exists()
        with _locked(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size != self._whole.get(path):
                # A crash left half a member at its end; the rows of that one were not deleted.
                size = max((end for end, _ in _members(file)), default=0)
                file.truncate(size)
            file.seek(size)
            file.write(member)
            file.flush()
            os.fsync(file.fileno())
            self._whole[path] = size + len(member)
        if is_new:
            _sync_folder(self._folder)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Read the rows of a file as they were written. An id that comes twice is one row: its last line counts.

    Half a member at the end, which a crash may leave, is left out.
    """
    with open(path, "rb") as file:
        for _, content in _members(file):
            for line in content.splitlines():
                yield json.loads(line)


def rewrite(path: Path, change: Callable[[dict[str, Any]], Row | None]) -> None:
    """Write a file anew, with the row that `change` returns for each; None: without it. What isn't changed stays byte
    for byte. A crash leaves the file as it was.

    Raises OSError.
    """
    anew = path.with_suffix(".anew")
    with _locked(path) as file, open(os.open(anew, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        for _, content in _members(file):
            lines = [changed for line in content.splitlines(keepends=True) if (changed := _changed(line, change))]
            if lines:
                target.write(gzip.compress(b"".join(lines), compresslevel=LEVEL, mtime=0))
        target.flush()
        os.fsync(target.fileno())
        os.replace(anew, path)
        _sync_folder(path.parent)


def _changed(line: bytes, change: Callable[[dict[str, Any]], Row | None]) -> bytes:
    row = json.loads(line)
    changed = change(row)
    return b"" if changed is None else line if changed == row else _line(changed)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Open a file of the archive, made if missing, that nobody else appends to or rewrites."""
    while True:
        # Nobody else's to read: it says what people were told.
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Rewritten while this waited: what has that name now is another file.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return


def _members(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Find the end and the content of each whole member, which is a batch."""
    file.seek(0)
    position = 0
    member, content = zlib.decompressobj(wbits=31), b""
    while chunk := file.read(CHUNK):
        while chunk:
            try:
                content += member.decompress(chunk)
            except zlib.error:
                return
            position += len(chunk) - len(member.unused_data)
            chunk = member.unused_data
            if member.eof:
                yield position, content
                member, content = zlib.decompressobj(wbits=31), b""


def _line(row: Row) -> bytes:
    return json.dumps(row, default=_plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _sync_folder(folder: Path) -> None:
    """Put a folder on the disk, and with it the name of a new file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
