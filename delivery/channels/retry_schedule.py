"""Retry schedule of failed deliveries. Pure: what was asked for is never undercut, jitter only ever adds."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

# The example of the Standard Webhooks specification: about three days.
LONG = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
# After the short ones, where who puts off what is new to him (greylisting) or fails for a while means minutes.
MINUTES = (300.0, 1800.0, 7200.0)
JITTER = 0.1
# A receiver that asks for more than this gets it at this.
LONGEST_WISH = timedelta(hours=24)
# After our own failures: these count for nothing, so there is no last one.
OUR_FIRST_PAUSE, OUR_LONGEST_PAUSE = 5.0, 900.0


def next_at(
    delays: Sequence[float], *, tries: int, asked: datetime | None, now: datetime, rng: random.Random
) -> datetime | None:
    """Return when the next attempt is due after `tries` that counted, this one included. None: that was the last."""
    if tries > len(delays):
        return None
    return _due_in(delays[tries - 1], asked=asked, now=now, rng=rng)


def after_our_failure(*, number: int, asked: datetime | None, now: datetime, rng: random.Random) -> datetime:
    """Return when the next attempt is due after a failure of our own. `number`: of the attempt, from 1."""
    pause = min(OUR_FIRST_PAUSE * 2.0 ** min(number - 1, 20), OUR_LONGEST_PAUSE)
    return _due_in(pause, asked=asked, now=now, rng=rng)


def _due_in(seconds: float, *, asked: datetime | None, now: datetime, rng: random.Random) -> datetime:
    due = now + timedelta(seconds=seconds * (1 + JITTER * rng.random()))
    return due if asked is None else max(due, min(asked, now + LONGEST_WISH))
