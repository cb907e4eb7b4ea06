"""Crossings of a threshold, with hysteresis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold of one kind of reading, and the event that tells of its crossing.

    `kind` is that of the rows which remember it; `of` that of the rows which the events are about.
    """

    kind: str
    of: str
    event_type: str
    threshold: float
    margin: float


@dataclass(frozen=True, slots=True)
class Crossings:
    """Names that crossed upwards (to be told), and names that fell back (to be armed again)."""

    up: tuple[str, ...]
    back: tuple[str, ...]


def crossings(
    readings: Mapping[str, float], state: Mapping[str, float | None], *, threshold: float, margin: float
) -> Crossings:
    """Decide with hysteresis. `state`: name -> the threshold already told, or None when armed; unknown names are armed.

    A value that swings around the threshold is told once: only below `threshold - margin` is it armed again, or below
    a threshold that was raised since.
    """
    up, back = [], []
    for name, value in readings.items():
        told = state.get(name)
        if told is None:
            if value >= threshold:
                up.append(name)
        elif value < threshold - margin or (told < threshold and value < threshold):
            back.append(name)
    return Crossings(up=tuple(up), back=tuple(back))
