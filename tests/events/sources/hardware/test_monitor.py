"""Disk warnings: once per crossing, over restarts and with two workers at once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from events.entities import Entity
from events.models import Event, EventType, HardwareReading
from events.rendering import render
from events.sources.hardware import disks, monitor
from events.sources.hardware.disks import Disk
from tests.own_settings import own

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def disk(percent: float, mount: str = "/data") -> Disk:
    return Disk(mount=mount, percent=percent, free_bytes=40_802_189_312, total_bytes=450_971_566_080)


def look(*percents: float, host: str = "render-02", now: datetime = NOW) -> int:
    return sum(monitor.record([disk(percent)], host=host, now=now) for percent in percents)


def warnings() -> list[Event]:
    return list(Event.objects.filter(event_type__name="system.disk_warning").select_related("event_type"))


def test_a_disk_over_the_threshold_is_told_once(db):
    assert look(91, 92, 91) == 1
    assert warnings()[0].payload == {
        "host": "render-02",
        "mount": "/data",
        "percent": 91,
        "free_bytes": 40_802_189_312,
        "total_bytes": 450_971_566_080,
        "threshold": 90,
    }


def test_the_warning_is_about_the_same_disk_entity_every_time(db):
    look(91, 50, 95)
    first, second = warnings()
    assert first.source == second.source == Entity("disk", HardwareReading.objects.get().pk)


def test_the_warning_fits_the_seeded_templates(db):
    look(91)
    event = warnings()[0]
    assert render(event, event.event_type).title == "Disk /data is 91 % full"
    assert "left on render-02. Warning at 90 %." in render(event, event.event_type).body


def test_each_machine_has_disks_of_its_own(db):
    assert look(91) + look(91, host="render-03") == 2
    assert len({event.source for event in warnings()}) == 2


def test_the_threshold_is_a_setting(db, settings):
    own(settings, HARDWARE_DISK_WARNING_PERCENT=1)
    assert look(2) == 1


def test_a_look_that_comes_late_does_not_undo_a_newer_one(db):
    look(91)
    look(50, now=NOW + timedelta(seconds=15))
    assert look(91, now=NOW + timedelta(seconds=5)) == 0


def test_what_could_not_be_published_is_told_when_the_type_is_active_again(db):
    EventType.objects.filter(name="system.disk_warning").update(is_active=False)
    assert look(91) == 0
    EventType.objects.filter(name="system.disk_warning").update(is_active=True)
    assert look(91) == 1


def test_the_number_of_queries_does_not_grow_with_the_disks(db, django_assert_num_queries):
    many = [disk(50, mount=f"/mnt/{n}") for n in range(30)]
    monitor.record(many, host="render-02", now=NOW)
    with django_assert_num_queries(5):
        monitor.record(many, host="render-02", now=NOW)


def test_this_machine_has_at_least_one_disk():
    found = disks.read_disks()
    assert found
    assert all(0 <= one.percent <= 100 and one.total_bytes >= one.free_bytes for one in found)


def test_observing_this_machine_publishes_its_own_disk(db, settings):
    own(settings, HARDWARE_DISK_WARNING_PERCENT=1)
    if max(one.percent for one in disks.read_disks()) < 1:
        own(settings, HARDWARE_DISK_WARNING_PERCENT=0)
    assert monitor.observe(now=timezone.now()) >= 1
    assert HardwareReading.objects.filter(told_at__isnull=False).exists()


def mount(device: str, path: str, filesystem: str = "ext4", options: str = "rw,relatime") -> Any:
    return SimpleNamespace(device=device, mountpoint=path, fstype=filesystem, opts=options)


def test_a_device_counts_once_at_its_shortest_path():
    assert disks.physical([mount("/dev/sda1", "/var/lib/bound"), mount("/dev/sda1", "/")]) == ["/"]


@pytest.mark.parametrize(
    "skipped",
    [
        mount("/dev/loop3", "/snap/core", "ext4"),
        mount("/dev/sr0", "/media/cd", "iso9660"),
        mount("/dev/sda2", "/usr", options="ro,relatime"),
        mount("tmpfs", "/run", "tmpfs"),
        mount("/dev/ubi0", "/rom", "squashfs"),
    ],
    ids=lambda one: one.mountpoint,
)
def test_what_cannot_fill_up_is_skipped(skipped):
    assert disks.physical([mount("/dev/sda1", "/"), skipped]) == ["/"]


def test_a_machine_that_lists_no_disk_is_seen_through_its_root(monkeypatch):
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [])
    assert disks.read_disks()[0].mount == "/"


def test_a_disk_that_cannot_be_read_does_not_hide_the_others(monkeypatch, caplog):
    monkeypatch.setattr(disks, "physical", lambda _: ["/no/such/place", "/"])
    assert [one.mount for one in disks.read_disks()] == ["/"]
    assert "/no/such/place can't be read" in caplog.text


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_monitors_started_at_once_tell_each_disk_once():
    base = "sqlite://" if connection.vendor == "sqlite" else os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    url = f"{base}/{connection.settings_dict['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "DEBUG": "1", "HARDWARE_DISK_WARNING_PERCENT": "1"}
    command = [sys.executable, "manage.py", "hardware_monitor", "--once"]
    root = Path(__file__).resolve().parents[4]
    started = [
        subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    told = HardwareReading.objects.filter(told_at__isnull=False).count()
    assert told == len(warnings()) == sum(int(line.split()[0]) for line in said)


def over() -> list[Event]:
    return list(Event.objects.filter(event_type__name="system.disk_ok").select_related("event_type"))


def test_a_disk_that_has_room_again_ends_its_warning(db):
    look(91, 50)
    [fine] = over()
    assert fine.source == warnings()[0].source
    assert render(fine, fine.event_type).title == "Disk /data has room again"


def test_one_that_swings_around_the_threshold_ends_nothing(db):
    look(91, 89, 91, 89)
    assert over() == []


def test_without_the_type_the_warning_is_told_all_the_same(db):
    EventType.objects.filter(name="system.disk_ok").update(is_active=False)
    assert look(91, 50, 91) == 2
