"""The disks of this machine, read with psutil."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from events.transport import outages

if TYPE_CHECKING:
    from psutil._ntuples import sdiskpart

# Images that are full by nature, or not storage at all.
_NEVER_WARNED = frozenset(
    {"squashfs", "iso9660", "udf", "erofs", "cramfs", "tmpfs", "devtmpfs", "ramfs", "proc", "sysfs"}
)


@dataclass(frozen=True, slots=True)
class Disk:
    mount: str
    percent: float
    free_bytes: int
    total_bytes: int


def read_disks() -> list[Disk]:
    """Every physical disk once. Where none is listed (a container), the root and the working directory's disk."""
    # Container engines mount single files (/etc/hosts) from the machine's disk: that isn't a place to fill.
    mounts = [part for part in psutil.disk_partitions(all=False) if os.path.isdir(part.mountpoint)]
    paths = physical(mounts) or [*_own_places()]
    return [disk for disk in map(_read, paths) if disk is not None]


def physical(mounts: Iterable[sdiskpart]) -> list[str]:
    """One path for each writable device: the shortest, since the others are bind mounts or subvolumes of it."""
    by_device: dict[str, str] = {}
    for mount in mounts:
        is_image = mount.fstype in _NEVER_WARNED or mount.device.startswith("/dev/loop")
        if not is_image and "ro" not in mount.opts.split(","):
            paths = [mount.mountpoint, by_device.get(mount.device, mount.mountpoint)]
            by_device[mount.device] = min(paths, key=lambda path: (len(path), path))
    return sorted(by_device.values())


def _own_places() -> Iterator[str]:
    root = Path(os.path.abspath(os.sep))
    yield str(root)
    here = Path.cwd()
    while not here.is_mount():
        here = here.parent
    if here.stat().st_dev != root.stat().st_dev:
        yield str(here)


def _read(path: str) -> Disk | None:
    try:
        usage = psutil.disk_usage(path)
    except OSError as error:
        outages.note(__name__, f"Disk {path} can't be read; the others are", error, in_a_line=True)
        return None
    if not usage.total:
        return None
    return Disk(mount=path, percent=usage.percent, free_bytes=usage.free, total_bytes=usage.total)
