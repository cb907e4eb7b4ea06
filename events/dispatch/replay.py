"""Other ways to an event than in log order: moving a subscriber by hand, another try of what was left aside."""

import time
from datetime import datetime

from django.db import transaction

from events.db.errors import Fault, fault
from events.dispatch import retry, runner, subscribers
from events.errors import Refused, shown
from events.models import Event, LogHead, ParkedEvent, Subscriber
from events.transport import hints

# What one look at those set aside may take of a sweep.
RETRY_SECONDS, MOST_RETRIED = 2.0, 20


def move(name: str, *, to: int | None) -> int:
    """Let a subscriber go on after this position (None: the head); where it stands now.

    Backwards it reads again what it has read: the notification router tells nobody twice, others must know how to
    take a repeat; it goes no further back than to where the traces of its earlier reading were pruned. Forwards it
    skips. Whatever it was failing on is forgotten. Raises Refused for an unknown name or a position that the log
    hasn't reached.
    """
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().filter(name=name).first()
        if row is None:
            known = ", ".join(Subscriber.objects.values_list("name", flat=True)) or "none yet"
            raise Refused(
                f"there is no subscriber {shown(name)}; there are: {known}", code="unknown_subscriber", field="name"
            )
        head = LogHead.objects.get(pk=1).position
        target = head if to is None else to
        if not 0 <= target <= head:
            raise Refused(
                f"position {target} is not in the log; it goes from 0 to {head}", code="invalid_position", field="to"
            )
        target = max(target, row.earliest)
        row.position, row.attempts, row.retry_at, row.last_error = target, 0, None, ""
        row.lease_token = row.lease_until = None
        row.save()
        transaction.on_commit(lambda: hints.send(subscribers.CATCH_UP_TASK, name), robust=True)
    return target


def rerun(parked: ParkedEvent, *, now: datetime) -> bool:
    """Hand an event that was left aside to its subscriber once more; aside no longer if that goes well, else with the
    new error: parked if it is known to be bad, or tried again later.

    Of two at once the later one finds it done: what a transactional subscriber wrote for it is rolled back.
    """
    if not ParkedEvent.objects.filter(pk=parked.pk).exists():
        return True
    try:
        name, event = parked.subscriber.name, parked.event
        runner.run_one(name, event, taken=lambda: _taken(parked.pk), done=lambda: _unpark(parked.pk))
    except _AlreadyDoneError:
        return True
    except Exception as error:  # noqa: BLE001  whatever the handler raises is what the admin wants to read
        retry_at = None if fault(error) is Fault.BAD else retry.next_look(parked.attempts, now=now)
        kept = ParkedEvent.objects.filter(pk=parked.pk)
        kept.update(error=retry.described(error), created_at=now, retry_at=retry_at)
        return False
    return True


def retry_due(*, now: datetime) -> None:
    """Try again what was set aside and is due, oldest first, for a few seconds. One query if nothing is.

    One try in all workers together: whoever moves `retry_at` on has it. Of a try that is killed the next comes later.
    """
    due = ParkedEvent.objects.filter(retry_at__lte=now, subscriber__name__in=subscribers.names())
    waiting = due.filter(subscriber__is_paused=False).order_by("retry_at", "pk")
    end = time.monotonic() + RETRY_SECONDS
    for parked in waiting.select_related("subscriber", "event__event_type", "event__actor_user")[:MOST_RETRIED]:
        parked.attempts += 1
        later = retry.next_look(parked.attempts, now=now)
        # Of this table alone: what a join finds isn't looked at again when another worker has just changed the row.
        mine = ParkedEvent.objects.filter(pk=parked.pk, retry_at=parked.retry_at)
        if mine.update(attempts=parked.attempts, retry_at=later):
            rerun(parked, now=now)
        if time.monotonic() > end:
            break


class _AlreadyDoneError(Exception):
    """The parked event had its try from somebody else, and it went well."""


def _taken(pk: int) -> Event:
    """Lock it and read its event anew: what ends that one meanwhile waits for this try, or came before it."""
    rows = ParkedEvent.objects.select_for_update(of=("self",)).select_related("event__event_type", "event__actor_user")
    if (row := rows.filter(pk=pk).first()) is None:
        raise _AlreadyDoneError
    return row.event


def _unpark(pk: int) -> None:
    deleted, _of_each = ParkedEvent.objects.filter(pk=pk).delete()
    if not deleted:
        raise _AlreadyDoneError
