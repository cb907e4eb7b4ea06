"""Lets a subscriber read: batches of the log, in its transaction or under a lease."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from events.db.errors import Fault, fault, is_eased_by_less
from events.dispatch import pace, retry, subscribers
from events.dispatch.subscribers import CATCH_UP_TASK, Subscription
from events.log import reader
from events.models import Event, EventType, LogHead, Subscriber
from events.rules.patterns import matches
from events.transport import hints, log_ids, outages

BATCH = 500
LEASE = timedelta(seconds=60)


# Seconds after which a long backlog gives way to other subscribers, and to leases that count from a fresh `now`.
LONGEST_SECONDS = 10.0


def catch_up(name: str, *, now: datetime, fresh: Sequence[Event] = ()) -> int:
    """Let a subscriber read until nothing is left or its turn is over; how many events it was given.

    `fresh`: what was numbered just now, with types and actors; not read again where it is all that comes next.
    A failing batch is halved until the one event that fails is alone; after three tries that one is left aside.
    Trouble of the server counts for nothing: the next sweep tries again, for as long as it takes.
    """
    subscription = subscribers.registered(name)
    if subscription is None:
        return 0
    step = _transactional_step if subscription.is_transactional else _leased_step
    total, size, end = 0, BATCH, time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            batch = step(subscription, limit=size, now=now, fresh=fresh)
        except _NotEnrolledError:
            subscribers.enroll()
        except _BatchError as failed:
            if not (size := _after_failure(subscription, failed, now=now)):
                return total
        else:
            if batch is None:
                return total
            total += len(batch.events)
            if batch.is_last:
                return total
            # One that isn't the last is as large as it was allowed to be.
            size = min(len(batch.events) * 2, BATCH)
        if time.monotonic() > end:
            hints.send(CATCH_UP_TASK, name)
            return total


def run_one(name: str, event: Event, *, taken: Callable[[], Event], done: Callable[[], object]) -> None:
    """Call a subscriber with this one event, wherever it stands, then `done`: in one transaction if it is
    transactional, that begins with the event as `taken` reads it. Raises what these raise, and LookupError for a name
    that the code no longer has."""
    subscription = subscribers.registered(name)
    if subscription is None:
        raise LookupError(f"no code subscribes as {name!r}")
    if subscription.is_transactional:
        with transaction.atomic():
            subscription.handler([taken()])
            done()
    else:
        subscription.handler([event])
        done()


@dataclass(frozen=True, slots=True)
class _Batch:
    """`is_last`: it goes to the head of the log. For what is numbered from then on, whoever numbers it wakes us."""

    events: list[Event]
    up_to: int
    is_last: bool


class _NotEnrolledError(Exception):
    """The subscriber has no row yet. Made outside its first batch's transaction, whose failure would take it back."""


class _BatchError(Exception):
    """The handler raised, or the commit of its transaction was refused; that is rolled back."""

    def __init__(self, batch: _Batch, error: Exception, *, token: uuid.UUID | None = None) -> None:
        super().__init__(str(error))
        self.batch, self.error, self.token = batch, error, token


def _transactional_step(
    subscription: Subscription, *, limit: int, now: datetime, fresh: Sequence[Event]
) -> _Batch | None:
    batch = None
    try:
        with transaction.atomic():
            row = _ready(subscription, now=now)
            if row is not None and subscription.sets_pace:
                limit = min(limit, row.batch_size or pace.FIRST)
            batch = _next(subscription, row=row, limit=limit, fresh=fresh) if row else None
            if row is None or batch is None:
                return None
            began = time.monotonic()
            _handle(subscription, batch)
            size = pace.next_size(row.batch_size, read=len(batch.events), seconds=time.monotonic() - began)
            _advance(row, to=batch.up_to, now=now, batch_size=size)
    except Exception as error:
        # The commit counts as the handler's: deferred foreign keys are checked only there.
        if batch is None or not batch.events:
            raise
        raise _BatchError(batch, error) from error
    return batch


def _leased_step(subscription: Subscription, *, limit: int, now: datetime, fresh: Sequence[Event]) -> _Batch | None:
    token = uuid.uuid4()
    with transaction.atomic():
        row = _ready(subscription, now=now)
        if row is None or (row.lease_until is not None and row.lease_until > now):
            return None
        # Whoever held it was killed, or had more than the lease has time for: begin small.
        batch = _next(subscription, row=row, limit=1 if row.lease_until else limit, fresh=fresh)
        if batch is None:
            return None
        row.lease_token, row.lease_until = token, now + LEASE
        row.save(update_fields=["lease_token", "lease_until"])
    try:
        _handle(subscription, batch)
    except Exception as error:
        raise _BatchError(batch, error, token=token) from error
    with transaction.atomic():
        # Fenced: whoever took over an expired lease, or moved the position by hand, has the say.
        leased = Subscriber.objects.select_for_update().filter(pk=row.pk, lease_token=token)
        mine = leased.filter(position=row.position).first()
        if mine is None:
            leased.update(lease_token=None, lease_until=None)
            return None
        _advance(mine, to=batch.up_to, now=now)
    return batch


def _handle(subscription: Subscription, batch: _Batch) -> None:
    if batch.events:
        with log_ids.working_on(events=[event.pk for event in batch.events]):
            subscription.handler(batch.events)


def _ready(subscription: Subscription, *, now: datetime) -> Subscriber | None:
    """Lock the subscriber's row; None if it is paused or waits for its next try."""
    row = Subscriber.objects.select_for_update().filter(name=subscription.name).first()
    if row is None:
        raise _NotEnrolledError
    if row.is_paused or (row.retry_at is not None and row.retry_at > now):
        return None
    return row


def _next(subscription: Subscription, *, row: Subscriber, limit: int, fresh: Sequence[Event]) -> _Batch | None:
    """Read the batch after the subscriber's position: one event if that has failed alone before."""
    limit = 1 if row.attempts else limit
    if fresh and len(fresh) <= limit and _is_next(fresh, after=row.position):
        wanted = [event for event in fresh if matches(event.event_type.name, subscription.patterns)]
        # Whoever has numbered what comes after these lets it be read too.
        return _Batch(wanted, up_to=row.position + len(fresh), is_last=True)
    # First: what is numbered meanwhile is left for the next look.
    head = LogHead.objects.values_list("position", flat=True).get(pk=1)
    if head <= row.position:
        return None
    unread = Event.objects.filter(position__gt=row.position, position__lte=head)
    if "*" not in subscription.patterns:
        known = EventType.objects.values_list("pk", "name")
        unread = unread.filter(event_type__in=[pk for pk, name in known if matches(name, subscription.patterns)])
    events = reader.with_kin(unread.order_by("position")[:limit])
    last = events[-1].position if len(events) == limit else None
    return _Batch(events, up_to=head if last is None else last, is_last=last is None)


def _is_next(events: Sequence[Event], *, after: int) -> bool:
    """True for all the numbers that follow, and so none of another worker's among them."""
    return [event.position for event in events] == list(range(after + 1, after + 1 + len(events)))


def _advance(row: Subscriber, *, to: int, now: datetime, batch_size: int | None = None) -> None:
    Subscriber.objects.filter(pk=row.pk).update(
        position=to,
        attempts=0,
        retry_at=None,
        last_error="",
        lease_token=None,
        lease_until=None,
        batch_size=row.batch_size if batch_size is None else batch_size,
        updated_at=now,
    )


def _after_failure(subscription: Subscription, failed: _BatchError, *, now: datetime) -> int:
    """The size of the next try, or 0 to leave it for later."""
    count = len(failed.batch.events)
    pace.mark_failing(subscription.name)
    with log_ids.working_on(events=[event.pk for event in failed.batch.events]):
        outages.note(__name__, f"subscriber {subscription.name} failed", failed.error)
    if count > 1 and is_eased_by_less(failed.error):
        return count // 2 if _release(subscription, token=failed.token) else 0
    if fault(failed.error) is Fault.NOBODY:
        _release(subscription, token=failed.token)
        return 0
    return _count_failure(subscription, failed, now=now)


def _count_failure(subscription: Subscription, failed: _BatchError, *, now: datetime) -> int:
    [event] = failed.batch.events
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().get(name=subscription.name)
        is_overtaken = failed.token is not None and row.lease_token != failed.token
        if is_overtaken or event.position is None or row.position >= event.position:
            return 0
        if retry_at := retry.next_try(row.attempts, now=now):
            row.retry_at, row.last_error = retry_at, retry.described(failed.error)
            row.attempts += 1
            row.lease_token = row.lease_until = None
            row.save()
            return 0
        retry.leave_aside(row, event, failed.error, now=now)
        _advance(row, to=event.position, now=now)
    return BATCH


def _release(subscription: Subscription, *, token: uuid.UUID | None) -> bool:
    """Give a lease back early; False if another worker has it by now. A transactional subscriber holds none."""
    if token is None:
        return True
    leased = Subscriber.objects.filter(name=subscription.name, lease_token=token)
    return leased.update(lease_token=None, lease_until=None) > 0
