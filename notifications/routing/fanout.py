"""Large audiences, and those of escalations: notified chunk by chunk, in the order of user ids, so that no other event
waits for all of them."""

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from events import accounts
from events.db.errors import Fault, fault
from events.db.union import union
from events.dispatch import retry
from events.models import Event, Subscriber
from events.transport import hints, outages
from notifications.endings import ending
from notifications.escalations import steps
from notifications.models import Fanout
from notifications.routing import audiences, escalated, named_audiences, writer
from notifications.routing.named_audiences import SUBSCRIBER, AudienceError, Range

TASK = "notifications.fan_out"
CHUNK = 5_000
# Seconds after which the audiences that are left wait until other events were routed.
TIME_LIMIT = 1.0


def begin(events: Collection[int]) -> None:
    """Remember, in the routing transaction, that these events have a large audience to be notified."""
    if not events:
        return
    until = accounts.largest_used_id()
    rows = [Fanout(event_id=event_id, until_user=until) for event_id in sorted(events)]
    Fanout.objects.bulk_create(rows, ignore_conflicts=True)
    transaction.on_commit(lambda: hints.send(TASK), robust=True)


def pending(*, now: datetime | None = None) -> list[int]:
    """Events whose audience isn't notified yet: each publisher's oldest, then each one's second; at most a hundred.

    `now`: without those that wait for their next try.
    """
    return [event_id for (event_id,) in _pending(now)]


def _pending(now: datetime | None) -> QuerySet[Fanout, tuple[int]]:
    waiting = Fanout.objects.filter(_is_due(now)) if now else Fanout.objects.all()
    turn = Window(RowNumber(), partition_by="event__publisher", order_by="event_id")
    return waiting.alias(turn=turn).order_by("turn", "event_id").values_list("event_id")[:100]


def count_set_aside() -> int:
    """Count the audiences whose chunk failed three times for no known fault of theirs: tried ever more rarely."""
    return Fanout.objects.filter(attempts__gte=retry.TRIES).count()


def _is_due(now: datetime) -> Q:
    return Q(retry_at=None) | Q(retry_at__lte=now)


def advance(event_id: int, *, now: datetime) -> bool:
    """Notify the next chunk, in one transaction with how far it got.

    False if another worker is at it, it waits for its next try, or it is done. Preferences count as of the chunk. A
    kill in the middle leaves whole chunks only.
    """
    with transaction.atomic():
        row = Fanout.objects.select_for_update(skip_locked=True).filter(_is_due(now), pk=event_id).first()
        if row is None:
            return False
        event = Event.objects.select_related("event_type", "actor_user").get(pk=event_id)
        if event.withdrawn_at is not None or (row.rule and not escalated.is_waiting(event)):
            row.delete()
            return True
        if row.rule:
            event = escalated.narrowed(event, rule=row.rule)
        ended = ending.find([event])
        bounds = {"after": row.after_user, "until": row.until_user, "number": CHUNK}
        reached = [nth_person(event, **bounds), ending.nth_holder(ended, **bounds)]
        last = min((user for user in reached if user is not None), default=row.until_user)
        within = Range(row.after_user, last)
        resolved = audiences.resolve([event], within=within)
        if row.rule:
            # Set aside, the router would begin the event anew, not its step: that is tried again here.
            for error in resolved.failed.values():
                raise error
            resolved = escalated.newcomers(resolved, event)
        ending.lock(ended, resolved.people, within=within)
        made = writer.notify([event], resolved, now=now)
        ending.end(ended, now=now, within=within)
        if last < row.until_user:
            Fanout.objects.filter(pk=event_id).update(after_user=last, attempts=0, retry_at=None)
        else:
            Fanout.objects.filter(pk=event_id).delete()
        if resolved.failed:
            # Begun anew by the router it finds who is missing here.
            list(named_audiences.leave_aside([event], resolved.failed, now=now))
        writer.tally_of(made).write()
    return True


def advance_each(*, now: datetime) -> bool:
    """Take the steps of escalations that are due, and notify one chunk of each audience that waits, in their order,
    until time is up; true if any got further. One query if nothing waits.

    One that fails leaves the others going: it is tried again a little later, and after three tries parked if it is
    known to be bad, else set aside where it is: its tries get rarer.
    """
    advanced, end = False, time.monotonic() + TIME_LIMIT
    waiting = [event_id for (event_id,) in union([steps.due(now).values_list(Value(0))[:1], _pending(now)])]
    if 0 in waiting:
        steps.advance(now=now)
        waiting = pending(now=now)
    for event_id in waiting:
        if advanced and time.monotonic() > end:
            break
        try:
            advanced |= advance(event_id, now=now)
        except Exception as error:  # noqa: BLE001  whatever notifying raises is what the admin wants to read
            error.add_note(f"while the audience of event {event_id} was told")
            outages.note(__name__, "a large audience waits", error)
            if fault(error) is not Fault.NOBODY:
                _count_failure(event_id, error, now=now)
    return advanced


def _count_failure(event_id: int, error: Exception, *, now: datetime) -> None:
    """Plan the next try, or park the event as if routing had failed: run again by hand, it notifies nobody twice.

    Of what isn't known to be bad the tries go on, and after the third it is told that it is set aside.
    """
    with transaction.atomic():
        reader = Subscriber.objects.select_for_update().get(name=SUBSCRIBER)
        row = Fanout.objects.select_for_update().filter(_is_due(now), pk=event_id).first()
        if row is None:
            return
        event = Event.objects.select_related("event_type").get(pk=event_id)
        row.attempts += 1
        row.retry_at = retry.next_try(row.attempts - 1, now=now)
        if row.retry_at is None and fault(error) is Fault.BAD and not row.rule:
            retry.leave_aside(reader, event, error, now=now)
            row.delete()
            return
        if row.attempts == retry.TRIES:
            retry.tell_set_aside(reader, event, error)
        row.retry_at = row.retry_at or retry.next_look(row.attempts - retry.TRIES, now=now)
        row.save(update_fields=["attempts", "retry_at"])


def nth_person(event: Event, *, after: int, until: int, number: int) -> int | None:
    """User id at which one of the rules of a large audience has found so many people; None if all find fewer.

    One query for each that may find many. Where code fails, all people are counted in place of those it finds.
    """

    def nth(people: QuerySet[Any]) -> int | None:
        later = people.filter(person__gt=after, person__lte=until).order_by("person")
        return next(iter(later.values_list("person", flat=True)[number - 1 : number]), None)

    everybody = accounts.active().annotate(person=F("pk"))
    found = [nth(people) for people in audiences.crowds(event)]
    for rule in named_audiences.code_rules(event):
        try:
            found.append(named_audiences.ask(rule, event, lambda people: nth(people.annotate(person=F("pk")))))
        except AudienceError:
            found.append(nth(everybody))
    return min((user for user in found if user is not None), default=None)
