"""Webhooks that have arrived at the receiver of this benchmark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.request import urlopen


@dataclass(slots=True)
class Arrivals:
    """Number of webhooks, and when the first and the last came (monotonic clock)."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0


def since_last(receiver: str) -> Arrivals:
    """Ask the receiver for what has arrived since the last such question."""
    with urlopen(f"{receiver}/count") as response:
        return Arrivals(**json.load(response))
