"""GPU warnings: temperature and memory, warning and critical apart. The NVML of this machine is played: it has none."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pynvml
import pytest

from events.entities import Entity
from events.models import Event, HardwareReading
from events.rendering import render
from events.sources.hardware import gpus, monitor
from events.sources.hardware.gpus import Gpu
from tests.own_settings import own

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def gpu(celsius: float | None, memory: float | None = None) -> Gpu:
    return Gpu(uuid="GPU-1", index=0, model="RTX 6000", celsius=celsius, memory_percent=memory)


def look(*readings: Gpu) -> int:
    return sum(monitor.record_gpus([one], host="render-02", now=NOW) for one in readings)


def told() -> list[str]:
    return list(Event.objects.order_by("id").values_list("event_type__name", flat=True))


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        ([84], []),
        ([85, 86, 84], ["warning"]),
        ([85, 92], ["warning", "critical"]),
        ([95], ["critical"]),
        ([95, 88, 95], ["critical"]),
        ([95, 86, 95], ["critical", "critical"]),
        ([95, 79, 86], ["critical", "ok", "warning"]),
    ],
    ids=str,
)
def test_each_level_is_told_once_a_crossing_and_the_graver_alone(db, degrees, expected):
    look(*map(gpu, degrees))
    assert told() == [f"system.gpu_{level}" for level in expected]


def test_both_levels_are_about_the_same_gpu(db):
    look(gpu(86), gpu(93))
    source = Entity("gpu", HardwareReading.objects.get(kind="gpu").pk)
    assert [event.source for event in Event.objects.all()] == [source, source]


def test_a_warning_reads_in_degrees(db):
    look(gpu(86))
    event = Event.objects.select_related("event_type").get()
    said = render(event, event.event_type)
    assert (said.title, said.body) == ("GPU 0 at 86 °C on render-02", "Warning from 85 °C.")


def test_memory_is_told_where_a_threshold_is_set(db, settings):
    assert look(gpu(50, memory=99)) == 0
    own(settings, HARDWARE_GPU_MEMORY_PERCENT=(95, 0))
    assert look(gpu(50, memory=99)) == 1
    event = Event.objects.select_related("event_type").get()
    said = render(event, event.event_type)
    assert (said.title, said.body) == ("GPU 0 at 99 % of its memory on render-02", "Warning from 95 % of its memory.")


def test_a_threshold_of_nothing_is_never_crossed(db, settings):
    own(settings, HARDWARE_GPU_CELSIUS=(0, 0))
    assert look(gpu(120)) == 0


@pytest.fixture
def nvml(monkeypatch) -> SimpleNamespace:
    """Two boards: one tells all, the other has fallen off the bus."""
    played = SimpleNamespace(celsius=86, is_there=True)

    def init() -> None:
        if not played.is_there:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    def handle(index: int) -> str:
        if index:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return "handle"

    def memory(_handle: str) -> SimpleNamespace:
        return SimpleNamespace(used=3, total=4)

    monkeypatch.setattr(gpus, "_logged", set())
    monkeypatch.setattr(pynvml, "nvmlInit", init)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", handle)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda _handle: "GPU-1")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda _handle: "RTX 6000")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTemperature", lambda _handle, _sensor: played.celsius)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", memory)
    return played


def test_a_board_that_is_lost_does_not_hide_the_others(nvml, caplog):
    assert gpus.read_gpus() == [gpu(86, memory=75)]
    assert "GPU 1 can't be read" in caplog.text


def test_a_machine_without_a_driver_says_so_once_and_goes_on(nvml, caplog):
    nvml.is_there = False
    assert gpus.read_gpus() == gpus.read_gpus() == []
    assert caplog.text.count("No GPU is watched on this machine") == 1


def test_a_look_at_this_machine_includes_its_gpus(db, nvml, settings):
    own(settings, HARDWARE_DISK_WARNING_PERCENT=101)
    assert monitor.observe(now=NOW) == 1
