"""Rescue of deliveries in `sending` whose worker was lost or told to stop: they are pending again, unasked.

Each attempt keeps what is known of it. What has ended is sent again by `outbox.resend` and `recover`, when asked.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from delivery.channels import Whose
from delivery.models import Attempt, Delivery
from delivery.outbox.lease import BEAT, LEASE, Leased, end, still_held
from events.db.rows import update_rows
from events.monitoring.counting import Tally

CHUNK = 500
# A delivery that takes its worker along each time doesn't go on for ever.
MOST_UNKNOWN = 5
# Seconds that one waits over which two workers were lost, twice as long after each more; then also between those that
# were lost together, but for the last of many: the one that takes workers along is tried alone.
PAUSE, SPACING, MOST_SPACED = 5.0, 2.0, 60
INTERRUPTED = "interrupted"

State = Delivery.State


@dataclass(slots=True)
class Watch:
    """Looks of one process at the database, by its clock: a lease that is over says that a worker was lost only if that
    could have beaten.

    Other workers' beats prove nothing: there may be none. So each process waits until the database has taken what it
    asks for two beats, no look further from the last than a lease: after its start, after an error, after a time in
    which all stood still.
    """

    _since: datetime | None = None
    _last: datetime | None = None

    def rescue(self, *, now: datetime) -> None:
        """Rescue; before two beats have been seen only as a trial: can workers write what they know?"""
        with transaction.atomic():
            rescue(now=now)
            transaction.set_rollback(not self._look(now=now))

    def forget(self) -> None:
        self._since = None

    def _look(self, *, now: datetime) -> bool:
        if self._since is None or self._last is None or not timedelta() <= now - self._last <= LEASE:
            self._since = now
        self._last = now
        return now - self._since >= 2 * BEAT


def rescue(*, now: datetime, only: Collection[int] | None = None) -> list[int]:
    """Take back deliveries (of these, or any) whose lease is over; their ids.

    Their last attempts may have arrived: they are made again.
    """
    with transaction.atomic():
        expired = Delivery.objects.select_for_update(skip_locked=True, no_key=True).filter(
            state=State.SENDING, lease_until__lt=now
        )
        if only is not None:
            expired = expired.filter(pk__in_set=only)
        ids = list(expired.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        _leave_unknown(ids, now=now)
        return ids


def give_up(started: Sequence[Leased], *, now: datetime) -> int:
    """Take back what was cut off while it was being sent, as if its worker had been lost; how many."""
    with transaction.atomic():
        return _leave_unknown(still_held(started), now=now)


def release(unstarted: Sequence[Leased]) -> int:
    """Take back what was claimed and not begun, as if it had not been claimed; how many."""
    with transaction.atomic():
        ids = still_held(unstarted)
        attempts = [one.attempt_id for one in unstarted if one.outgoing.delivery.pk in ids]
        Attempt.objects.filter(pk__in_set=attempts).delete()
        _reopen(dict.fromkeys(ids))
        return len(ids)


def _leave_unknown(ids: Collection[int], *, now: datetime) -> int:
    """Mark the attempts of deliveries, whose rows are locked, as unknown; how many deliveries."""
    if not ids:
        return 0
    outcomes = (Attempt.Outcome.STARTED, Attempt.Outcome.UNKNOWN)
    attempts = Attempt.objects.filter(delivery_id__in_set=ids, outcome__in=outcomes).order_by()
    open_or_unknown = list(attempts.values_list("pk", "delivery_id", "outcome"))
    lost_over = Counter(delivery_id for _pk, delivery_id, _outcome in open_or_unknown)
    dead = {pk: INTERRUPTED for pk in ids if lost_over[pk] >= MOST_UNKNOWN}
    due = {pk: _due_after(lost_over[pk], place, now=now) for place, pk in enumerate(ids) if pk not in dead}
    rows = [
        (pk, Attempt.Outcome.UNKNOWN.value, INTERRUPTED, None if delivery_id in dead else due[delivery_id] or now)
        for pk, delivery_id, outcome in open_or_unknown
        if outcome == Attempt.Outcome.STARTED
    ]
    columns = {"id": "bigint", "outcome": "text", "reason": "text", "next_at": "timestamptz"}
    update_rows("delivery_attempts", columns=columns, rows=rows)
    tally = Tally()
    end(dead, state=State.DEAD, tally=tally, now=now, fault=Whose.UNKNOWN)
    _reopen(due)
    tally.write()
    return len(ids)


def _due_after(lost: int, place: int, *, now: datetime) -> datetime | None:
    """None: it keeps its place, since one worker is lost for any reason. After more it may be the reason itself."""
    if lost <= 1:
        return None
    spaced = SPACING * min(place, MOST_SPACED) if lost > 2 else 0.0
    return now + timedelta(seconds=PAUSE * 2.0 ** (lost - 2) + spaced)


def _reopen(due: Mapping[int, datetime | None]) -> None:
    """Make these pending again, due then, or as they were."""
    assign = {"state": f"'{State.PENDING}'", "claim_token": "NULL", "lease_until": "NULL"}
    assign["due_at"] = "COALESCE(new.due_at, deliveries.due_at)"
    update_rows("deliveries", columns={"id": "bigint", "due_at": "timestamptz"}, rows=list(due.items()), assign=assign)
