"""The hardware monitor: tells of a disk that fills up or a GPU in trouble, once for each crossing of a threshold."""

from __future__ import annotations

import logging
import socket
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from events.bus import publish
from events.entities import Entity
from events.errors import InactiveEventType
from events.models import HardwareReading
from events.sources.hardware.disks import Disk, read_disks
from events.sources.hardware.gpus import Gpu, read_gpus
from events.sources.hardware.thresholds import Level, crossings

logger = logging.getLogger(__name__)

DISK = "disk"
DISK_WARNING = "system.disk_warning"
GPU = "gpu"
GPU_WARNING = "system.gpu_warning"
GPU_CRITICAL = "system.gpu_critical"


def observe(*, now: datetime) -> int:
    """Look at this machine's disks and GPUs and publish what crossed. Returns how many warnings were published.

    Safe at once, twice and late: rows are locked while it decides, state and event commit together, and a look older
    than the stored one is dropped.
    """
    host = socket.gethostname()
    return record(read_disks(), host=host, now=now) + record_gpus(read_gpus(), host=host, now=now)


def record(disks: Iterable[Disk], *, host: str, now: datetime) -> int:
    """Compare the disks with what is stored for this host; publish crossings in the same transaction."""
    by_mount = {disk.mount: disk for disk in disks}
    level = Level(
        DISK, DISK, DISK_WARNING, settings.HARDWARE_DISK_WARNING_PERCENT, settings.HARDWARE_DISK_MARGIN_PERCENT
    )
    return _compare(
        level,
        {mount: disk.percent for mount, disk in by_mount.items()},
        {mount: _disk_payload(disk) for mount, disk in by_mount.items()},
        host=host,
        now=now,
    )


def record_gpus(gpus: Iterable[Gpu], *, host: str, now: datetime) -> int:
    """The same for GPUs: temperature and memory, each with a warning and a critical threshold of its own.

    What crosses both at once is told as critical alone.
    """
    by_uuid = {gpu.uuid: gpu for gpu in gpus}
    heat = {uuid: gpu.celsius for uuid, gpu in by_uuid.items() if gpu.celsius is not None}
    memory = {uuid: gpu.memory_percent for uuid, gpu in by_uuid.items() if gpu.memory_percent is not None}
    degrees = {uuid: {"celsius": value} for uuid, value in heat.items()}
    shares = {uuid: {"percent": value, "unit": " % of its memory"} for uuid, value in memory.items()}
    margin = settings.HARDWARE_GPU_MARGIN
    told = 0
    for readings, more, kinds, thresholds in (
        (heat, degrees, (GPU, "gpu_critical"), settings.HARDWARE_GPU_CELSIUS),
        (memory, shares, ("gpu_memory", "gpu_memory_critical"), settings.HARDWARE_GPU_MEMORY_PERCENT),
    ):
        about = {uuid: _gpu_payload(by_uuid[uuid]) | more[uuid] for uuid in readings}
        warning, critical = thresholds
        silent = {uuid for uuid, value in readings.items() if critical and value >= critical}
        if critical:
            told += _compare(Level(kinds[1], GPU, GPU_CRITICAL, critical, margin), readings, about, host=host, now=now)
        if warning:
            level = Level(kinds[0], GPU, GPU_WARNING, warning, margin)
            told += _compare(level, readings, about, host=host, now=now, silent=silent)
    return told


def _compare(
    level: Level,
    readings: Mapping[str, float],
    about: Mapping[str, Mapping[str, Any]],
    *,
    host: str,
    now: datetime,
    silent: Collection[str] = (),
) -> int:
    """How many were told. `silent` cross without a word: something graver says it."""
    if not readings:
        return 0
    try:
        with transaction.atomic():
            rows = _locked(readings, kind=level.kind, host=host, now=now)
            others = rows if level.kind == level.of else _locked(readings, kind=level.of, host=host, now=None)
            entities = {row.name: row.pk for row in others}
            state = {row.name: row.told_threshold for row in rows}
            found = crossings(
                {name: readings[name] for name in state}, state, threshold=level.threshold, margin=level.margin
            )
            for row in rows:
                row.value, row.observed_at = readings[row.name], now
                if row.name in found.up:
                    row.told_threshold, row.told_at = level.threshold, now
                    if row.name not in silent:
                        payload = {"host": host, **about[row.name], "threshold": level.threshold}
                        publish(level.event_type, source=Entity(level.of, entities[row.name]), payload=payload)
                elif row.name in found.back:
                    row.told_threshold = None
            HardwareReading.objects.bulk_update(rows, ["value", "observed_at", "told_threshold", "told_at"])
    except InactiveEventType:
        # The state stays as it was, so what is still too high is told once the type is switched on again.
        logger.info("%s is switched off: what crossed its threshold was not told.", level.event_type)
        return 0
    return len(set(found.up).difference(silent))


def _locked(names: Collection[str], *, kind: str, host: str, now: datetime | None) -> list[HardwareReading]:
    """Their rows, made where they are missing. Those that were seen later than `now` are left out."""
    mine = HardwareReading.objects.filter(host=host, kind=kind, name__in=list(names))
    if missing := set(names).difference(mine.values_list("name", flat=True)):
        HardwareReading.objects.bulk_create(
            [HardwareReading(host=host, kind=kind, name=name) for name in sorted(missing)], ignore_conflicts=True
        )
    rows = mine.select_for_update().order_by("id")
    return [row for row in rows if now is None or row.observed_at is None or row.observed_at <= now]


def _disk_payload(disk: Disk) -> dict[str, Any]:
    return {
        "mount": disk.mount,
        "percent": disk.percent,
        "free_bytes": disk.free_bytes,
        "total_bytes": disk.total_bytes,
    }


def _gpu_payload(gpu: Gpu) -> dict[str, Any]:
    return {"index": gpu.index, "model": gpu.model, "uuid": gpu.uuid}
