"""People whom an escalation brings in: those of one rule, beside all who were told before."""

from copy import copy
from dataclasses import replace
from datetime import datetime

from events.models import Event
from notifications.models import Escalation, Notification
from notifications.routing.audiences import Audiences

# Reason of whoever is told because nobody acknowledged it in time.
ESCALATED = "escalated"


def narrowed(event: Event, *, rule: str) -> Event:
    """Copy of the event, whose type tells the people of this one rule."""
    narrow, event_type = copy(event), copy(event.event_type)
    event_type.audience = [rule]
    narrow.event_type, narrow.recipients = event_type, None
    return narrow


def is_waiting(event: Event) -> bool:
    """Tell if nobody has acknowledged it, and lock that nobody does before the commit. One query."""
    if event.resolved_by_id is not None:
        return False
    row = Escalation.objects.select_for_update().filter(event=event).first()
    return row is not None and row.acknowledged_at is None


def rule_of(row: Notification) -> str:
    """Rule of the step in which this row came; empty where that isn't known. One query."""
    told = Escalation.objects.filter(event=row.event_id).values_list("told", flat=True).first() or []
    at = row.delivered_at or row.created_at
    return next((step["rule"] for step in reversed(told) if datetime.fromisoformat(step["at"]) <= at), "")


def newcomers(resolved: Audiences, event: Event) -> Audiences:
    """Leave of these people who has no row of it. One query."""
    people = resolved.by_event[event.pk]
    rows = Notification.objects.filter(event=event, user_id__in_set=set(people))
    told = set(rows.order_by().values_list("user_id", flat=True))
    return replace(resolved, by_event={event.pk: {user: ESCALATED for user in people if user not in told}})
