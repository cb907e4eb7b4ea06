"""Rescue of deliveries in `sending` whose worker was lost or told to stop: they are pending again, unasked.

Each attempt keeps what is known of it. What has ended is sent again by `outbox.resend` and `recover`, when asked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from delivery.models import Attempt, Delivery
from delivery.outbox.lease import Leased, end

CHUNK = 500
# A delivery that takes its worker along each time doesn't go on for ever.
MOST_UNKNOWN = 5
INTERRUPTED = "interrupted"

State = Delivery.State


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
        return _leave_unknown(_still_ours(started), now=now)


def release(unstarted: Sequence[Leased], *, now: datetime) -> int:
    """Take back what was claimed and not begun, as if it had not been claimed; how many."""
    with transaction.atomic():
        ids = _still_ours(unstarted)
        attempts = [one.attempt_id for one in unstarted if one.outgoing.delivery.pk in ids]
        Attempt.objects.filter(pk__in_set=attempts).delete()
        _reopen(ids, now=now)
        return len(ids)


def _still_ours(claimed: Sequence[Leased]) -> list[int]:
    tokens = {one.outgoing.delivery.pk: one.token for one in claimed}
    rows = Delivery.objects.select_for_update(no_key=True).filter(pk__in_set=tokens, state=State.SENDING)
    return [pk for pk, token in rows.order_by("pk").values_list("pk", "claim_token") if token == tokens[pk]]


def _leave_unknown(ids: Collection[int], *, now: datetime) -> int:
    """Mark the attempts of deliveries, whose rows are locked, as unknown; how many."""
    if not ids:
        return 0
    Attempt.objects.filter(delivery_id__in_set=ids, outcome=Attempt.Outcome.STARTED).update(
        outcome=Attempt.Outcome.UNKNOWN, reason=INTERRUPTED, next_at=now
    )
    unknown = Attempt.objects.filter(delivery_id__in_set=ids, outcome=Attempt.Outcome.UNKNOWN).order_by()
    often = unknown.values_list("delivery_id").annotate(count=Count("id")).filter(count__gte=MOST_UNKNOWN)
    lost = {pk: INTERRUPTED for pk, _count in often}
    end(lost, state=State.DEAD, now=now)
    _reopen([pk for pk in ids if pk not in lost], now=now)
    return len(ids)


def _reopen(ids: Collection[int], *, now: datetime) -> None:
    Delivery.objects.filter(pk__in_set=ids).update(state=State.PENDING, due_at=now, claim_token=None, lease_until=None)
