"""Carillon's own settings in a test: some of them other than the project has them."""

from __future__ import annotations

from typing import Any


def own(settings: Any, **values: Any) -> None:
    """Write into the project's CARILLON until the test is over; `settings` is pytest's fixture."""
    settings.CARILLON = {**settings.CARILLON, **values}
