"""Large audiences, and those of escalations: notified chunk by chunk, so that no other event waits for all of them. The
largest go out in parts, of which each worker that is idle takes one."""

import time
from collections.abc import Collection
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value, Window
from django.db.models.functions import DenseRank

from events import accounts
from events.db import clock
from events.db.errors import Fault, fault
from events.db.union import union
from events.dispatch import retry
from events.models import Event, Subscriber
from events.transport import hints, outages, tracing
from notifications.endings import ending
from notifications.escalations import acknowledge, steps
from notifications.models import Fanout
from notifications.routing import audiences, escalated, named_audiences, writer
from notifications.routing.named_audiences import SUBSCRIBER, AudienceError, Range

TASK = Fanout.TASK
CHUNK = 5_000
# Parts at most, and user ids of the smallest of several.
PARTS, SMALLEST_PART = 8, 4 * CHUNK
# Seconds after which the audiences that are left wait until other events were routed.
TIME_LIMIT = 1.0


def begin(events: Collection[int]) -> None:
    """Remember, in the routing transaction, that these events have a large audience to be notified, from its start
    also where that goes on: whom it passed by may have been parked."""
    if not events:
        return
    ends = _ends(accounts.largest_used_id())
    rows = [
        Fanout(event_id=event_id, after_user=after, until_user=until)
        for event_id in sorted(events)
        for after, until in pairwise([0, *ends])
    ]
    Fanout.objects.bulk_create(rows)
    transaction.on_commit(lambda: hints.send(TASK), robust=True)


def _ends(last: int) -> list[int]:
    """Last user ids of parts of about the same length."""
    parts = max(1, min(PARTS, last // SMALLEST_PART))
    return [last * number // parts for number in range(1, parts + 1)]


def pending(*, now: datetime | None = None) -> list[int]:
    """Events whose audience isn't notified yet: each publisher's oldest, then each one's second; at most a hundred.

    `now`: without those that wait for their next try.
    """
    return list(dict.fromkeys(event_id for (event_id,) in _pending(now)))


def _pending(now: datetime | None) -> QuerySet[Fanout, tuple[int]]:
    """Event of each part that waits."""
    waiting = Fanout.objects.filter(_is_due(now)) if now else Fanout.objects.all()
    turn = Window(DenseRank(), partition_by="event__publisher", order_by="event_id")
    return waiting.alias(turn=turn).order_by("turn", "event_id").values_list("event_id")[:100]


def count_set_aside() -> int:
    """Count the parts whose chunk failed three times for no known fault of theirs: they are tried ever more rarely."""
    return Fanout.objects.filter(attempts__gte=retry.TRIES).count()


def _is_due(now: datetime) -> Q:
    return Q(retry_at=None) | Q(retry_at__lte=now)


def advance(event_id: int, *, now: datetime) -> bool:
    """Notify the next chunk of a part that nobody is at, in one transaction with how far it got.

    False if other workers are at all that are left, these wait for their next try, or it is done. Preferences count as
    of the chunk. A kill in the middle leaves whole chunks only.
    """
    try:
        return _advance(event_id, now=now)
    except _PartError as failed:
        raise failed.error from None


class _PartError(Exception):
    """The chunk of this part failed, or its commit was refused; that is rolled back."""

    def __init__(self, part: Fanout, error: Exception) -> None:
        super().__init__(str(error))
        self.part, self.error = part, error


def _advance(event_id: int, *, now: datetime) -> bool:
    part = None
    try:
        with transaction.atomic():
            parts = Fanout.objects.filter(_is_due(now), event=event_id)
            part = parts.select_for_update(skip_locked=True).order_by("after_user").first()
            if part is None:
                return False
            if parts.exclude(pk=part.pk).exists():
                # At once: whoever is idle takes the next part while this one is at its chunk.
                hints.send(TASK)
            _tell_next(part, now=now)
    except Exception as error:
        if part is None:
            raise
        raise _PartError(part, error) from error
    return True


def _tell_next(part: Fanout, *, now: datetime) -> None:
    # `now` is of the pass, in which other chunks may have come before.
    began = clock.estimate()
    event = Event.objects.select_related("event_type", "actor_user").get(pk=part.event_id)
    if part.rule == Fanout.ACKNOWLEDGED and event.withdrawn_at is None:
        bounds = {"after": part.after_user, "until": part.until_user}
        _go_on(part, acknowledge.tell(event.pk, **bounds, most=CHUNK))
        return
    if event.withdrawn_at is not None or (part.rule and not escalated.is_waiting(event)):
        part.delete()
        return
    if part.rule:
        event = escalated.narrowed(event, rule=part.rule)
    ended = ending.find([event])
    bounds = {"after": part.after_user, "until": part.until_user, "number": CHUNK}
    reached = [nth_person(event, **bounds), ending.nth_holder(ended, **bounds)]
    last = min((user for user in reached if user is not None), default=part.until_user)
    within = Range(part.after_user, last)
    resolved = audiences.resolve([event], within=within)
    if part.rule:
        # Set aside, the router would begin the event anew, not its step: that is tried again here.
        for error in resolved.failed.values():
            raise error
        resolved = escalated.newcomers(resolved, event)
    ending.lock(ended, resolved.people, within=within)
    made = writer.notify([event], resolved, now=now)
    ending.end(ended, now=now, within=within)
    _go_on(part, last)
    if resolved.failed:
        # Begun anew by the router it finds who is missing here.
        list(named_audiences.leave_aside([event], resolved.failed, now=now))
    tracing.record("carillon.fan_out", [event], since=began, attributes={"carillon.people": len(resolved.people)})
    writer.tally_of(made).write()


def _go_on(part: Fanout, last: int | None) -> None:
    """Store how far it got; one that is done goes."""
    if last is not None and last < part.until_user:
        Fanout.objects.filter(pk=part.pk).update(after_user=last, attempts=0, retry_at=None)
    else:
        part.delete()


def advance_each(*, now: datetime) -> bool:
    """Take the steps of escalations that are due, and notify one chunk of each audience that waits, in their order,
    until time is up; true if any got further. One query if nothing waits.

    One that fails leaves the others going: it is tried again a little later, and after three tries parked if it is
    known to be bad, else set aside where it is: its tries get rarer.
    """
    advanced, end = False, time.monotonic() + TIME_LIMIT
    found = union([steps.due(now).values_list(Value(0))[:1], _pending(now)])
    waiting = list(dict.fromkeys(event_id for (event_id,) in found))
    if 0 in waiting:
        steps.advance(now=now)
        waiting = pending(now=now)
    for event_id in waiting:
        if advanced and time.monotonic() > end:
            break
        try:
            advanced |= _advance(event_id, now=now)
        except _PartError as failed:
            failed.error.add_note(f"while the audience of event {event_id} was told")
            outages.note(__name__, "a large audience waits", failed.error)
            if fault(failed.error) is not Fault.NOBODY:
                _count_failure(failed.part, failed.error, now=now)
    return advanced


def _count_failure(part: Fanout, error: Exception, *, now: datetime) -> None:
    """Plan the next try of this part, or park the event as if routing had failed: run again by hand, it notifies nobody
    twice.

    Of what isn't known to be bad the tries go on, and after the third it is told that it is set aside.
    """
    with transaction.atomic():
        reader = Subscriber.objects.select_for_update().get(name=SUBSCRIBER)
        row = Fanout.objects.select_for_update().filter(_is_due(now), pk=part.pk).first()
        if row is None:
            return
        event = Event.objects.select_related("event_type").get(pk=part.event_id)
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
