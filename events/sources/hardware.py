"""The hardware monitor: tells of a disk that fills up, once for each crossing of the threshold."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from events.bus import publish
from events.entities import Entity
from events.models import HardwareReading
from events.refusals import InactiveEventType
from events.sources.disks import Disk, read_disks

logger = logging.getLogger(__name__)

DISK = "disk"
DISK_WARNING = "system.disk_warning"


@dataclass(frozen=True, slots=True)
class Crossings:
    """Names that crossed upwards (to be told), and names that fell back (to be armed again)."""

    up: tuple[str, ...]
    back: tuple[str, ...]


def crossings(
    readings: Mapping[str, float], state: Mapping[str, float | None], *, threshold: float, margin: float
) -> Crossings:
    """Decide with hysteresis. `state`: name -> the threshold already told, or None when armed; unknown names are armed.

    A value that swings around the threshold is told once: only below `threshold - margin` is it armed again, or below
    a threshold that was raised since.
    """
    up, back = [], []
    for name, value in readings.items():
        told = state.get(name)
        if told is None:
            if value >= threshold:
                up.append(name)
        elif value < threshold - margin or (told < threshold and value < threshold):
            back.append(name)
    return Crossings(up=tuple(up), back=tuple(back))


def observe(*, now: datetime) -> int:
    """Look at this machine's disks and publish what crossed. Returns how many warnings were published.

    Safe at once, twice and late: rows are locked while it decides, state and event commit together, and a look older
    than the stored one is dropped.
    """
    return record(read_disks(), host=socket.gethostname(), now=now)


def record(disks: Iterable[Disk], *, host: str, now: datetime) -> int:
    """Compare the disks with what is stored for this host; publish crossings in the same transaction."""
    by_mount = {disk.mount: disk for disk in disks}
    try:
        with transaction.atomic():
            rows = _locked(by_mount, host=host, now=now)
            found = _decide(rows, by_mount)
            for row in rows:
                disk = by_mount[row.name]
                row.value, row.observed_at = disk.percent, now
                if row.name in found.up:
                    row.told_threshold, row.told_at = settings.HARDWARE_DISK_WARNING_PERCENT, now
                    _tell(row, disk)
                elif row.name in found.back:
                    row.told_threshold = None
            HardwareReading.objects.bulk_update(rows, ["value", "observed_at", "told_threshold", "told_at"])
    except InactiveEventType:
        # The state stays as it was, so a disk that is still too full is told once the type is switched on again.
        logger.info("%s is switched off: a disk that crossed its threshold was not told.", DISK_WARNING)
        return 0
    return len(found.up)


def _locked(by_mount: Mapping[str, Disk], *, host: str, now: datetime) -> list[HardwareReading]:
    mine = HardwareReading.objects.filter(host=host, kind=DISK, name__in=list(by_mount))
    if missing := set(by_mount).difference(mine.values_list("name", flat=True)):
        HardwareReading.objects.bulk_create(
            [HardwareReading(host=host, kind=DISK, name=mount) for mount in sorted(missing)], ignore_conflicts=True
        )
    rows = mine.select_for_update().order_by("id")
    return [row for row in rows if row.observed_at is None or row.observed_at <= now]


def _decide(rows: Iterable[HardwareReading], by_mount: Mapping[str, Disk]) -> Crossings:
    state = {row.name: row.told_threshold for row in rows}
    return crossings(
        {name: by_mount[name].percent for name in state},
        state,
        threshold=settings.HARDWARE_DISK_WARNING_PERCENT,
        margin=settings.HARDWARE_DISK_MARGIN_PERCENT,
    )


def _tell(row: HardwareReading, disk: Disk) -> None:
    publish(
        DISK_WARNING,
        source=Entity(DISK, row.pk),
        payload={
            "host": row.host,
            "mount": disk.mount,
            "percent": disk.percent,
            "free_bytes": disk.free_bytes,
            "total_bytes": disk.total_bytes,
            "threshold": settings.HARDWARE_DISK_WARNING_PERCENT,
        },
    )
