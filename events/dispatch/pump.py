"""The pump of the log: numbering and reading in turns, so that neither runs far ahead of the other."""

import time
from collections.abc import Sequence
from datetime import datetime

from events.dispatch import pace, runner, sequencer, subscribers
from events.log.publish import NUMBER_TASK
from events.models import Event
from events.transport import hints

# A worker that is told to stop waits for its task, and `now` is as old as that.
LONGEST_SECONDS = 10.0


def run(*, now: datetime) -> int:
    """Number what is visible, and let those read who set the pace; how many events were numbered.

    They read here and at once: a task of their own would come later. Without any, that is the first transactional
    subscriber. The others are woken, and so is a second worker where there is more than a batch.
    """
    here = subscribers.pace_setters() or subscribers.transactional()[:1]
    elsewhere = [name for name in subscribers.transactional() if name not in here]
    total, is_long, was_idle, end = 0, False, False, time.monotonic() + LONGEST_SECONDS
    while True:
        fresh: list[Event] = []
        numbered = sequencer.number(announced=fresh, is_long=is_long)
        total += numbered.count
        if numbered.count:
            for name in elsewhere:
                hints.send(subscribers.CATCH_UP_TASK, name)
            if not numbered.is_all:
                hints.send(NUMBER_TASK)
        read = _read(here, now=now, fresh=fresh) if numbered.count or numbered.is_held else 0
        # Whoever holds numbering up without anything left to read has just read elsewhere: once more, then.
        is_idle = not numbered.count and not read
        if numbered.is_all or (is_idle and was_idle):
            return total
        if time.monotonic() > end:
            hints.send(NUMBER_TASK)
            return total
        is_long, was_idle = not numbered.is_held, is_idle


def _read(names: Sequence[str], *, now: datetime, fresh: Sequence[Event]) -> int:
    read = 0
    for name in names:
        try:
            read += runner.catch_up(name, now=now, fresh=fresh)
        except Exception:
            pace.mark_failing(name)
            raise
    return read
