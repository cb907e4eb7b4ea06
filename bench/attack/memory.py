"""Memory of a process in megabytes, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


def resident(pid: int) -> float:
    return _field(pid, "VmRSS")


def peak(pid: int) -> float:
    """Read the most that was resident since the start, or since `forget_peak`."""
    return _field(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _field(pid: int, name: str) -> float:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return float(line.split()[1]) / 1024
