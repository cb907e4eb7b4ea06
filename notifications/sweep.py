"""What the sweepers do for this floor: find the work whose hint was lost."""

from __future__ import annotations

from django.utils import timezone

from notifications import fanout


def sweep() -> None:
    """One chunk of each great audience that waits; one cheap look when there is none."""
    fanout.advance_each(now=timezone.now())
