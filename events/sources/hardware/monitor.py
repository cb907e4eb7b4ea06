"""The hardware monitor: tells of a disk that fills up or a GPU in trouble, once for each crossing of a threshold, and
once that it is over."""

import logging
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from events.bus import publish
from events.conf import conf
from events.entities import Entity
from events.errors import InactiveEventType, UnknownEventType
from events.models import HardwareReading
from events.sources.hardware.disks import Disk, read_disks
from events.sources.hardware.gpus import Gpu, read_gpus
from events.sources.hardware.thresholds import Level, told_after

logger = logging.getLogger(__name__)

DISK = "disk"
DISK_WARNING = "system.disk_warning"
GPU = "gpu"
GPU_WARNING = "system.gpu_warning"
GPU_CRITICAL = "system.gpu_critical"
# What ends the warnings, once none of the thing's thresholds is crossed any more.
OVER = {DISK: "system.disk_ok", GPU: "system.gpu_ok"}

# The value that is compared, and what its event says of the thing.
Reading = tuple[float, dict[str, Any]]


def observe(*, now: datetime) -> int:
    """Look at this machine's disks and GPUs and publish what crossed. Returns how many warnings were published.

    Safe at once, twice and late: rows are locked while it decides, state and event commit together, and a look older
    than the stored one is dropped.
    """
    host = socket.gethostname()
    return record(read_disks(), host=host, now=now) + record_gpus(read_gpus(), host=host, now=now)


def record(disks: Iterable[Disk], *, host: str, now: datetime) -> int:
    """Compare the disks with what is stored for this host; publish crossings in the same transaction."""
    level = Level(DISK, DISK, DISK_WARNING, conf.HARDWARE_DISK_WARNING_PERCENT, conf.HARDWARE_DISK_MARGIN_PERCENT)
    return _compare(level, {disk.mount: (disk.percent, asdict(disk)) for disk in disks}, host=host, now=now)


def record_gpus(gpus: Iterable[Gpu], *, host: str, now: datetime) -> int:
    """Compare temperature and memory of GPUs, each with a warning and a critical threshold of its own.

    What crosses both at once is told as critical alone.
    """
    heat, memory = dict[str, Reading](), dict[str, Reading]()
    for gpu in gpus:
        about = {"index": gpu.index, "model": gpu.model, "uuid": gpu.uuid}
        if gpu.celsius is not None:
            heat[gpu.uuid] = gpu.celsius, about | {"celsius": gpu.celsius}
        if gpu.memory_percent is not None:
            share = {"percent": gpu.memory_percent, "unit": " % of its memory"}
            memory[gpu.uuid] = gpu.memory_percent, about | share
    margin = conf.HARDWARE_GPU_MARGIN
    told = 0
    for kind, readings, (warning, critical) in (
        (GPU, heat, conf.HARDWARE_GPU_CELSIUS),
        ("gpu_memory", memory, conf.HARDWARE_GPU_MEMORY_PERCENT),
    ):
        silent = {uuid for uuid, (value, _about) in readings.items() if critical and value >= critical}
        if critical:
            level = Level(f"{kind}_critical", GPU, GPU_CRITICAL, critical, margin)
            told += _compare(level, readings, host=host, now=now)
        if warning:
            level = Level(kind, GPU, GPU_WARNING, warning, margin)
            told += _compare(level, readings, host=host, now=now, silent=silent)
    return told


def _compare(
    level: Level, readings: Mapping[str, Reading], *, host: str, now: datetime, silent: Collection[str] = ()
) -> int:
    """Publish what crossed one threshold; how many warnings. `silent` cross without an event: a graver one says it."""
    if not readings:
        return 0
    told = 0
    try:
        with transaction.atomic():
            rows = _locked(readings, kind=level.kind, host=host, now=now)
            others = (
                rows
                if level.kind == level.entity_type
                else _locked(readings, kind=level.entity_type, host=host, now=None)
            )
            entities = {row.name: row.pk for row in others}
            back = []
            for row in rows:
                (value, about), was_armed = readings[row.name], row.told_threshold is None
                row.value, row.observed_at = value, now
                row.told_threshold = told_after(
                    value, row.told_threshold, threshold=level.threshold, margin=level.margin
                )
                if not was_armed and row.told_threshold is None:
                    back.append(row.name)
                if was_armed and row.told_threshold is not None:
                    row.told_at = now
                    if row.name not in silent:
                        payload = {"host": host, **about, "threshold": level.threshold}
                        publish(level.event_type, source=Entity(level.entity_type, entities[row.name]), payload=payload)
                        told += 1
            HardwareReading.objects.bulk_update(rows, ["value", "observed_at", "told_threshold", "told_at"])
            _tell_over({name: readings[name][1] for name in back}, level=level, entities=entities, host=host)
    except InactiveEventType:
        # The state stays as it was, so what is still too high is told once the type is switched on again.
        logger.info("%s is switched off: what crossed its threshold was not told.", level.event_type)
        return 0
    return told


def _tell_over(back: Mapping[str, dict[str, Any]], *, level: Level, entities: Mapping[str, int], host: str) -> None:
    """Publish that the trouble is over for those of which no other threshold is crossed. One query, none for none."""
    if not back:
        return
    mine = HardwareReading.objects.filter(host=host, kind__startswith=level.entity_type, name__in=list(back))
    still = set(mine.filter(told_threshold__isnull=False).values_list("name", flat=True))
    for name in [name for name in back if name not in still]:
        source, payload = Entity(level.entity_type, entities[name]), {"host": host, **back[name]}
        try:
            publish(OVER[level.entity_type], source=source, payload=payload)
        except (InactiveEventType, UnknownEventType):
            logger.info("%s can't be published: the warnings it would end stay.", OVER[level.entity_type])


def _locked(names: Collection[str], *, kind: str, host: str, now: datetime | None) -> list[HardwareReading]:
    """Lock the readings' rows, made where they are missing. Rows seen later than `now` are left out."""
    mine = HardwareReading.objects.filter(host=host, kind=kind, name__in=list(names))
    if missing := set(names).difference(mine.values_list("name", flat=True)):
        HardwareReading.objects.bulk_create(
            [HardwareReading(host=host, kind=kind, name=name) for name in sorted(missing)], ignore_conflicts=True
        )
    rows = mine.select_for_update().order_by("id")
    return [row for row in rows if now is None or row.observed_at is None or row.observed_at <= now]
