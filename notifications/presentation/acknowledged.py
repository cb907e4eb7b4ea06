"""Words of critical events that somebody should acknowledge: who is on it, or who is told next, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from events import accounts
from events.db.clock import instant
from events.models import Event, EventType
from events.rules import audience
from notifications.models import Escalation, Notification
from notifications.presentation import times


def put_in(rows: Sequence[Notification]) -> None:
    """Put into rows of events that escalate who is on it; empty: nobody yet. One query, none without such rows."""
    waiting = [row for row in rows if row.event.event_type.escalation and not row.event.is_hidden]
    if not waiting:
        return
    found = Escalation.objects.filter(event_id__in_set={row.event_id for row in waiting})
    escalations = {one.event_id: one for one in found.select_related("acknowledged_by")}
    for row in waiting:
        one = escalations.get(row.event_id)
        if one is not None and (one.acknowledged_at or row.event.resolved_by_id is None):
            row.acknowledged_by = name_of(one)


def name_of(escalation: Escalation) -> str:
    """Name of who has acknowledged it; empty for nobody."""
    if escalation.acknowledged_at is None:
        return ""
    user = escalation.acknowledged_by
    return accounts.public_name(user) if user else _("Somebody")


def as_json(escalation: Escalation) -> dict[str, Any]:
    """Name and moment of the acknowledgement, for the API."""
    at = instant(escalation.acknowledged_at)
    return {"user_id": escalation.acknowledged_by_id, "name": name_of(escalation), "acknowledged_at": at}


def on_it(name: str | None) -> str:
    """State of a row of which somebody of this name is on it; empty for nobody."""
    return _("{name} is on it").format(name=name) if name else ""


def of_event(event: Event) -> Escalation | None:
    """Load the escalation of an event, whose type may have lost it since. One query."""
    return Escalation.objects.select_related("acknowledged_by").filter(event=event).first()


def story(escalation: Escalation, event_type: EventType, *, now: datetime, zone: ZoneInfo) -> list[str]:
    """Say whom it went on to, who is on it, or who is next, as of now."""
    said = [
        _("{time}: it went on to {audience}.").format(
            time=times.end_time(datetime.fromisoformat(step["at"]), now=now, zone=zone),
            audience=audience.words_of(step["rule"]),
        )
        for step in escalation.told
    ]
    if escalation.acknowledged_at is not None:
        at = times.end_time(escalation.acknowledged_at, now=now, zone=zone)
        return [*said, _("{time}: {name} acknowledged it.").format(time=at, name=name_of(escalation))]
    next_rule = next(iter(event_type.escalation[escalation.step :]), "")
    if escalation.due_at is None or not next_rule:
        return said
    waits = _("It waits until {time} for somebody to acknowledge it; then it goes on to {audience}.")
    until = times.end_time(escalation.due_at, now=now, zone=zone)
    return [*said, waits.format(time=until, audience=audience.words_of(next_rule))]
