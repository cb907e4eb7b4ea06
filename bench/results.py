"""Results of a benchmark, and the tables and the JSON file that show them."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import django


@dataclass(frozen=True, slots=True)
class Result:
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


HEADER = ("line", "ours", "peer or limit", "ratio", "target", "met")


def text_table(results: Sequence[Result]) -> str:
    rows = [HEADER, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def markdown_table(results: Sequence[Result]) -> str:
    """Format the rows that docs/performance.md shows."""
    rows = [HEADER, tuple("---" for _ in HEADER), *(_cells(result) for result in results)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cells(result: Result) -> tuple[str, ...]:
    details = ", ".join(f"{name} {value:,.1f}" for name, value in result.details.items())
    ours = f"{result.ours:,.1f} {result.unit}" + (f" ({details})" if details else "")
    theirs = "–" if result.theirs is None else f"{result.theirs:,.1f} {result.unit} ({result.compared_with})"
    ratio = "–" if result.ratio is None else f"{result.ratio:.2f}"
    return result.name, ours, theirs, ratio, result.target, "yes" if result.is_met else "NO"


def write_json(results: Sequence[Result], path: Path, *, servers: Mapping[str, str]) -> None:
    """Write the figures together with the machine and the versions they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": {
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "django": django.get_version(),
            "sqlite": sqlite3.sqlite_version,
            **servers,
        },
        "lines": [asdict(result) | {"ratio": result.ratio} for result in results],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
