"""The cap of an hour once more, slow and obvious: from all that came and went so far, nothing counted on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR = 60


@dataclass
class Reference:
    """One person on one channel, minute by minute. `mails`: when each went out, and of which events."""

    most: int
    mails: list[tuple[int, list[int]]] = field(default_factory=list)
    waiting: list[tuple[int, int]] = field(default_factory=list)  # event, until when
    arrivals: list[tuple[int, bool]] = field(default_factory=list)  # when, and whether it went at once
    ends: set[int] = field(default_factory=set)  # at which something that had waited was to go

    def arrive(self, event: int, at: int, *, is_critical: bool) -> None:
        if is_critical:
            self.mails.append((at, [event]))
            return
        begin = self.begin(at)
        in_hour = [when for when, went in self.arrivals if went and when >= begin]
        summaries = [end for end in self.ends if begin - HOUR < end <= begin]
        goes = len(in_hour) + len(summaries) < self.most
        self.arrivals.append((at, goes))
        if goes:
            self.mails.append((at, [event]))
        else:
            self.waiting.append((event, begin + HOUR))
            self.ends.add(begin + HOUR)

    def look(self, at: int) -> None:
        if due := [event for event, until in self.waiting if until <= at]:
            self.mails.append((at, due))
            self.waiting = [(event, until) for event, until in self.waiting if until > at]

    def begin(self, at: int) -> int:
        """Begin of the hour that runs: the first arrival after the end of the one before."""
        begin = -HOUR
        for moment in [*(when for when, _went in self.arrivals), at]:
            if moment >= begin + HOUR:
                begin = moment
        return begin
