"""Table of what was seen, as it stands in docs/reliability.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

COLUMNS = ("fault", "runs", "events", "failed attempts", "lost", "doubled (excused)", "recovery, s", "bad runs")


@dataclass(frozen=True)
class Run:
    """One fault once. `failed`: attempts after which another was needed, which show that the fault was felt.

    `recovery`: seconds from its end until all was told and delivered; None: not within the limit."""

    fault: str
    events: int
    failed: int
    lost: int
    doubled: int
    unexcused: int
    recovery: float | None
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.problems and self.recovery is not None


def table(runs: Sequence[Run]) -> str:
    """Markdown, a line for each fault; of several runs the sums, and the longest recovery."""
    lines = [_line(COLUMNS), _line("---" for _ in COLUMNS)]
    for fault in dict.fromkeys(run.fault for run in runs):
        its = [run for run in runs if run.fault == fault]
        doubled, unexcused = sum(run.doubled for run in its), sum(run.unexcused for run in its)
        known = [run.recovery for run in its if run.recovery is not None]
        recovery = f"{max(known):.1f}" if len(known) == len(its) else "not within the limit"
        bad = sum(not run.is_good for run in its)
        sums = [sum(getattr(run, name) for run in its) for name in ("events", "failed", "lost")]
        lines.append(_line([fault, len(its), *sums, f"{doubled} ({doubled - unexcused})", recovery, bad or "none"]))
    return "\n".join(lines)


def machine(*, postgres: str, redis: str) -> str:
    """Machine and versions of a run."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory} GiB; Python "
        f"{platform.python_version()}, PostgreSQL {postgres}, Redis {redis}"
    )


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
