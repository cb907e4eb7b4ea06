"""What a line of the table is, and how the table looks."""

from __future__ import annotations

import json
import math
import os
import platform
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import django


@dataclass(frozen=True, slots=True)
class Line:
    """One figure beside what it is compared with, both measured in the same run."""

    name: str
    unit: str
    ours: float
    target: str
    is_met: bool
    compared_with: str = ""
    theirs: float | None = None
    details: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None


Measure = Callable[[], list[Line]]
HEAD = ("line", "ours", "peer or limit", "ratio", "target", "met")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all is not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(lines: Sequence[Line]) -> str:
    rows = [HEAD, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([shown[0], "  ".join("-" * width for width in widths), *shown[1:]])


def markdown(lines: Sequence[Line]) -> str:
    """The same for docs/performance.md."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_cells(line) for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cells(line: Line) -> tuple[str, ...]:
    more = ", ".join(f"{name} {value:,.1f}" for name, value in line.details.items())
    ours = f"{line.ours:,.1f} {line.unit}" + (f" ({more})" if more else "")
    theirs = "–" if line.theirs is None else f"{line.theirs:,.1f} {line.unit} ({line.compared_with})"
    ratio = "–" if line.ratio is None else f"{line.ratio:.2f}"
    return line.name, ours, theirs, ratio, line.target, "yes" if line.is_met else "NO"


def write(lines: Sequence[Line], path: Path) -> None:
    """The figures and what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "machine": {
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "django": django.get_version(),
            "sqlite": sqlite3.sqlite_version,
        },
        "lines": [asdict(line) | {"ratio": line.ratio} for line in lines],
    }
    path.write_text(json.dumps(found, indent=2) + "\n")
