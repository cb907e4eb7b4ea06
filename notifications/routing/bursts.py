"""Bursts and storms: events that come close after each other share one row of the feed. Pure.

A burst is of one type and source, and its window runs from its first event; a storm is what one person gets of one
type within a minute beyond the limit. The head shows the last event; the rows of those before are folded into it.
Over every other channel the first of a burst goes at once, and the rest waits for the window's end.
"""

import functools
from datetime import UTC, datetime, timedelta

from notifications.holds import hourly_cap
from notifications.routing.facts import BURST, NO_HOLD, EventFacts, Plan, PlannedRow, RoutingContext

STORM_SECONDS = 60.0
# Three are named; a fourth says that there were more.
MOST_ACTORS = 4


def storm(type_id: int) -> str:
    """Key of a storm's head, and of its count in the hours of a person."""
    return f"storm|{type_id}"


class Folding:
    """Folding of the rows of one plan: into heads that are there, and into those that it makes."""

    def __init__(self, made: Plan, context: RoutingContext) -> None:
        self._made, self._context = made, context
        self._feed: dict[tuple[int, str], int] = {}  # (person, key) -> place of the head among the rows
        self._elsewhere: dict[tuple[int, str, str], datetime] = {}  # (person, channel, key) -> end of the window

    def add(self, event: EventFacts, row: PlannedRow, *, key: str | None) -> None:
        """Plan a row that is new in the feed: for itself, or as the head of what it shares a row with. `key`: of its
        burst."""
        if key and self._is_folded(event, row, key=key):
            return
        until = _end(self._context.now, event.type.burst_seconds) if key else None
        if (limit := self._context.storm_limit) and not event.type.is_critical:
            storms_until = self._count(row, name=storm(event.type.type_id), most=limit, span=STORM_SECONDS)
            if storms_until:
                key, until = storm(event.type.type_id), storms_until
                if self._is_folded(event, row, key=key):
                    return
        if key:
            row = row._replace(group_key=key, folds_until=until, actors=_with(event.actor_id, ()))
            self._feed[row.user_id, key] = len(self._made.rows)
        self._made.rows.append(row)

    def held(self, event: EventFacts, row: PlannedRow, *, key: str | None, most: int) -> PlannedRow:
        """Hold a row of another channel than the feed: in a burst all but its first, else what is more than the hour
        of its channel takes. `most`: 0 for no cap."""
        place = (row.user_id, row.channel, key or "")
        if key:
            head = self._context.heads.get(place)
            if until := head.folds_until if head else self._elsewhere.get(place):
                return row._replace(hold=BURST, hold_until=until, folded_into=key)
        if most and (until := self._count(row, name=row.channel, most=most, span=hourly_cap.HOUR)):
            return row._replace(hold=BURST, hold_until=until)
        if key:
            self._elsewhere[place] = until = _end(self._context.now, event.type.burst_seconds)
            row = row._replace(group_key=key, folds_until=until)
        return row

    def _is_folded(self, event: EventFacts, row: PlannedRow, *, key: str) -> bool:
        """Make the row the head, and fold into it what was; false where there is none."""
        rows, place = self._made.rows, self._feed.get((row.user_id, key))
        if place is not None:
            was = rows[place]
            rows[place] = was._replace(
                toast=False, replaces=None, group_key=None, folds_until=None, total=1, actors=(), folded_into=key
            )
            toast, replaces, until, total, actors = was.toast, was.replaces, was.folds_until, was.total, was.actors
        elif head := self._context.heads.get((row.user_id, "in_app", key)):
            told = (head.event_id, row.user_id, "in_app", head.reason, head.hold, None, 0, False)
            rows.append(PlannedRow(*told, folded_into=key, summary_id=head.summary_id, told_at=head.created_at))
            # The toast that it may still have is updated; it pops up if there was none so far.
            toast, replaces, until = row.toast and head.hold != NO_HOLD, head.row_id, head.folds_until
            total, actors = head.total, head.actors
        else:
            return False
        self._feed[row.user_id, key] = len(rows)
        actors, total = _with(event.actor_id, actors), total + 1
        rows.append(
            row._replace(group_key=key, toast=toast, replaces=replaces, folds_until=until, total=total, actors=actors)
        )
        return True

    def _count(self, row: PlannedRow, *, name: str, most: int, span: float) -> datetime | None:
        hours = self._made.hours.get(row.user_id) or self._context.hours.get(row.user_id, "")
        added, until = hourly_cap.add(hours, name=name, most=most, now=self._context.now, span=span)
        self._made.hours[row.user_id] = added
        return until


@functools.lru_cache(maxsize=256)
def _end(now: float, seconds: int) -> datetime:
    return datetime.fromtimestamp(now, UTC) + timedelta(seconds=seconds)


# One object for a crowd: it is turned into JSON once.
@functools.lru_cache(maxsize=4096)
def _with(actor_id: int | None, actors: tuple[int, ...]) -> tuple[int, ...]:
    """Actors with one who did it last."""
    others = tuple(one for one in actors if one != actor_id)
    return actors if actor_id is None else (actor_id, *others)[:MOST_ACTORS]
