"""Crossings of a threshold, with hysteresis."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold of one kind of reading, and the event that tells of its crossing.

    `kind` is that of the rows which remember it; `entity_type` that of the rows which the events are about.
    """

    kind: str
    entity_type: str
    event_type: str
    threshold: float
    margin: float


def told_after(value: float, told: float | None, *, threshold: float, margin: float) -> float | None:
    """Threshold that is told after this value, `told` being what was before; None: armed.

    A value that swings around the threshold is told once: only below `threshold - margin` is it armed again, or below
    a threshold that was raised since.
    """
    if told is None:
        return threshold if value >= threshold else None
    is_back = value < threshold - margin or (told < threshold and value < threshold)
    return None if is_back else told
