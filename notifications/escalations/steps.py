"""Steps of escalations: while nobody acknowledges a critical event, the people of its type's next rule are told.

Locked after the fan-out and before inboxes. A step is an audience on its way (notifications.routing.fanout), begun in
the transaction that takes it: nothing is told twice, and nothing is lost on the way.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from events import accounts
from events.db.clock import instant
from events.db.rows import insert_rows
from events.models import Event
from notifications.models import Escalation, Fanout

# Escalations that one transaction takes a step with.
BATCH = 500


def begin(events: Sequence[Event], *, now: datetime) -> None:
    """Let those wait whose types escalate, in the routing transaction. One query, none where none does."""
    waiting = [event for event in events if event.event_type.escalation and not is_ended(event)]
    rows = [(event.pk, now + event.event_type.wait) for event in waiting]
    columns = {"event_id": "bigint", "due_at": "timestamptz"}
    insert_rows("escalations", columns=columns, rows=rows, on_conflict="DO NOTHING")


def end(events: Collection[int]) -> None:
    """Go on no more with these, which are withdrawn or over. One query, none for none."""
    if events:
        Escalation.objects.filter(event_id__in_set=events, due_at__isnull=False).update(due_at=None)


def is_ended(event: Event) -> bool:
    return event.withdrawn_at is not None or event.resolved_by_id is not None


def due(now: datetime) -> QuerySet[Escalation]:
    """Find those whose next step is due, but for those whose people are still being told."""
    return Escalation.objects.filter(~Exists(Fanout.objects.filter(event=OuterRef("event"))), due_at__lte=now)


def advance(*, now: datetime) -> None:
    """Take the next step with all that are due."""
    while _advance_some(now):
        pass


def _advance_some(now: datetime) -> bool:
    with transaction.atomic():
        free = due(now).select_for_update(skip_locked=True, of=("self",)).order_by("due_at")
        rows = list(free.select_related("event__event_type")[:BATCH])
        rules = {row.event_id: rule for row in rows if (rule := _step(row, now=now))}
        Escalation.objects.bulk_update(rows, ["step", "due_at", "told"])
        if rules:
            until = accounts.largest_used_id()
            Fanout.objects.bulk_create(Fanout(event_id=pk, until_user=until, rule=rule) for pk, rule in rules.items())
    return len(rows) == BATCH


def _step(row: Escalation, *, now: datetime) -> str:
    """Take the next step of one, as its type has it now; the rule that is told, empty for none."""
    event_type = row.event.event_type
    rules = [] if is_ended(row.event) else event_type.escalation[row.step :]
    row.due_at = now + event_type.wait if rules[1:] else None
    if not rules:
        return ""
    row.step += 1
    row.told = [*row.told, {"rule": rules[0], "at": instant(now)}]
    return rules[0]
