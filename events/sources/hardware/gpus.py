"""The NVIDIA GPUs of this machine, read through NVML."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pynvml as nvml

logger = logging.getLogger(__name__)

_logged: set[str] = set()


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as it is now. What a board doesn't measure is None."""

    uuid: str
    index: int
    model: str
    celsius: float | None
    memory_percent: float | None


def read_gpus() -> list[Gpu]:
    """Every GPU that answers; none where there is no NVIDIA driver. What is missing is said once a process."""
    try:
        with _open():
            return [gpu for index in range(nvml.nvmlDeviceGetCount()) if (gpu := _read(index)) is not None]
    except nvml.NVMLError as error:
        _log_once(f"No GPU is watched on this machine: {error}.")
        return []


@contextmanager
def _open() -> Iterator[None]:
    nvml.nvmlInit()
    try:
        yield
    finally:
        nvml.nvmlShutdown()


def _read(index: int) -> Gpu | None:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        uuid = nvml.nvmlDeviceGetUUID(handle)
        model = nvml.nvmlDeviceGetName(handle)
    except nvml.NVMLError as error:
        _log_once(f"GPU {index} can't be read ({error}); the others are.")
        return None
    return Gpu(uuid, index, model, celsius=_celsius(handle, index), memory_percent=_memory(handle, index))


def _celsius(handle: Any, index: int) -> float | None:
    try:
        return float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
    except nvml.NVMLError as error:
        _log_once(f"GPU {index} tells no temperature ({error}).")
        return None


def _memory(handle: Any, index: int) -> float | None:
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError as error:
        _log_once(f"GPU {index} tells nothing of its memory ({error}).")
        return None
    return round(100 * memory.used / memory.total, 1) if memory.total else None


def _log_once(what: str) -> None:
    if what not in _logged and len(_logged) < 100:
        _logged.add(what)
        logger.warning("%s", what)
