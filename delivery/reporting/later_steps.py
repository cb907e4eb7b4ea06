"""Later steps of escalations: whom an event would go on to, for people who weren't among the first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from events.accounts import User
from events.models import Event
from notifications.models import Escalation
from notifications.routing import audiences, escalated
from notifications.routing.named_audiences import Range

WAITS = "waits_for_step"
ACKNOWLEDGED = "acknowledged"


class LaterStep(NamedTuple):
    """Step that brings a person in. `code`: why it hasn't; `at`: when it does, if nobody acknowledges it before."""

    code: str
    rule: str
    at: datetime | None


def find(events: Sequence[Event], *, user: User) -> dict[int, LaterStep]:
    """Map events to the first step still to come, or no more, that brings this person in, as their types are today.

    One query, and those of an audience for each step that a type of these has.
    """
    waiting = {event.pk: event for event in events if event.event_type.escalation}
    found = dict[int, LaterStep]()
    rows = Escalation.objects.in_bulk(waiting) if waiting else {}
    for number in range(max((len(waiting[pk].event_type.escalation) for pk in rows), default=0)):
        left = {pk: row for pk, row in rows.items() if pk not in found and row.step <= number}
        rules = {pk: rule for pk in left for rule in waiting[pk].event_type.escalation[number : number + 1]}
        narrow = [escalated.narrowed(waiting[pk], rule=rule) for pk, rule in sorted(rules.items())]
        people = audiences.resolve(narrow, within=Range(user.pk - 1, user.pk)).by_event if narrow else {}
        for pk, rule in rules.items():
            if user.pk in people.get(pk, {}) and (step := _step(left[pk], waiting[pk], rule=rule, number=number)):
                found[pk] = step
    return found


def _step(row: Escalation, event: Event, *, rule: str, number: int) -> LaterStep | None:
    ended = "withdrawn" if event.withdrawn_at else "resolved" if event.resolved_by_id else ""
    ended = ACKNOWLEDGED if row.acknowledged_at else ended
    if ended or row.due_at is None:
        return LaterStep(ended, rule, None) if ended else None
    return LaterStep(WAITS, rule, row.due_at + (number - row.step) * event.event_type.wait)
