"""Timing of calls. The standard library alone: a peer's own environment imports this too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Measured = TypeVar("Measured")


def seconds(call: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def interleaved(
    measures: Mapping[str, Callable[[], Measured]], *, rounds: int, warm_up: int = 1
) -> dict[str, list[Measured]]:
    """Call all of them one after the other, round by round, and list what each returned, warm-up rounds left out.

    Interleaved, so that none has the machine's better minutes.
    """
    measured: dict[str, list[Measured]] = {name: [] for name in measures}
    for number in range(warm_up + rounds):
        for name, measure in measures.items():
            value = measure()
            if number >= warm_up:
                measured[name].append(value)
    return measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all is not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
