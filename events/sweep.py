"""What a supervised thread in each worker does every second: find the work whose hint was lost, or never sent."""

from __future__ import annotations

from django.utils import timezone

from events import sequence, subscribers


def sweep() -> None:
    """Number what is unnumbered, then let every lagging subscriber catch up. A few cheap looks when all is done."""
    subscribers.enroll()
    if sequence.has_unnumbered():
        sequence.number_all()
    for name in subscribers.lagging(now=timezone.now()):
        subscribers.catch_up(name, now=timezone.now())
