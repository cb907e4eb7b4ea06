"""Outages in the log: the whole story once for each place that fails, then a line a minute, and one when it is over.

Whoever tries again, or fails at each request, says so here: an hour without the database shouldn't fill the disk.
"""

import logging
import threading
import time
from dataclasses import dataclass

from events.transport.per_process import PerProcess

# Seconds between two lines about one outage; one that has not been seen for so long is over.
EVERY = 60.0
TICK = 15.0

# The name of a logger, what fails there, and what kind of failure it is. All are of the code, so they are few.
Place = tuple[str, str, str]


@dataclass(slots=True)
class _Outage:
    since: float
    last: float
    said_at: float
    count: int = 1
    said: int = 1


class Outages:
    """Count of what fails at present, by place. No clock: `now` in seconds since 1970."""

    def __init__(self) -> None:
        self._open: dict[Place, _Outage] = {}
        self._changing = threading.Lock()

    def note(self, place: Place, *, now: float) -> bool:
        """Count a failure; True for the first of an outage, whose story is told."""
        with self._changing:
            if outage := self._open.get(place):
                outage.count, outage.last = outage.count + 1, now
            else:
                self._open[place] = _Outage(now, now, now)
            return outage is None

    def due(self, *, now: float) -> list[tuple[Place, str]]:
        """Take what is to be said now: of outages that go on, and of those that are over."""
        lines = []
        with self._changing:
            for place, outage in list(self._open.items()):
                if now - outage.last >= EVERY:
                    del self._open[place]
                    if outage.count > 1:
                        lines.append((place, f"over: {outage.count:,} times, {_when(outage.since, outage.last)}"))
                elif outage.count > outage.said and now - outage.said_at >= EVERY:
                    outage.said, outage.said_at = outage.count, now
                    lines.append((place, f"still: {outage.count:,} times since {_when(outage.since)}"))
        return lines


class _Reporter:
    """The outages of this process, and the thread that tells how they go on."""

    def __init__(self) -> None:
        self.outages = Outages()
        threading.Thread(target=self._run, name="carillon-outages", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            for (logger, what, _kind), line in self.outages.due(now=time.time()):
                logging.getLogger(logger).warning("%s, %s", what, line)


_reporter = PerProcess(_Reporter)


def note(logger: str, what: str, error: BaseException, *, in_a_line: bool = False) -> None:
    """Log that this failed, with its traceback, or as a warning where a line says all; while it goes on, count it."""
    if is_first(logger, what, kind=type(error).__name__):
        level, exc_info = (logging.WARNING, None) if in_a_line else (logging.ERROR, error)
        logging.getLogger(logger).log(level, "%s: %s", what, str(error).strip() or repr(error), exc_info=exc_info)


def is_first(logger: str, what: str, *, kind: str) -> bool:
    """Count a failure; True for the first of an outage, which the caller logs."""
    return _reporter.get().outages.note((logger, what, kind), now=time.time())


def _when(*moments: float) -> str:
    return " to ".join(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)) for moment in moments)
