"""Recovery of an address: all that it missed since a moment, dead, skipped or never opened, as its owner asks.

A row remembers how far it got. Chosen deliveries are sent again by `outbox.resend`, those of a lost worker by `rescue`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from delivery.models import Address, Delivery, Recovery
from delivery.outbox import outbox
from notifications.inbox import marking
from notifications.models import Hold, Notification

CHUNK = 1000
ALL = 2**62


def recover(address: Address, *, since: datetime, now: datetime) -> int:
    """Send this address what it missed since then; how many deliveries the first chunk brought back or opened.

    The rest follows by itself, a chunk each second, whatever crashes. Asking again begins again.
    """
    with transaction.atomic():
        marking.lock(address.user_id)
        Recovery.objects.update_or_create(
            address=address, defaults={"since": since, "until": now, "after_delivery": 0, "after_notification": 0}
        )
        return advance(address.pk, now=now)


def advance_each(*, now: datetime) -> int:
    """Advance every recovery by a chunk; how many deliveries that were. One cheap query when there is none."""
    waiting = list(Recovery.objects.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    return sum(advance(address_id, now=now) for address_id in waiting)


def advance(address_id: int, *, now: datetime) -> int:
    """Do one chunk, and remember how far it got, in one transaction; the row goes when all is done."""
    with transaction.atomic():
        # Whoever opens deliveries has the person's inbox row: pruning relies on it.
        marking.lock(Address.objects.values_list("user_id", flat=True).get(pk=address_id))
        row = Recovery.objects.select_for_update(of=("self",)).select_related("address").filter(pk=address_id).first()
        if row is None:
            return 0
        ended = _next_ended(row, now=now)
        outbox.reopen(ended, now=now)
        if len(ended) == CHUNK:
            row.after_delivery = ended[-1]
            row.save(update_fields=["after_delivery"])
            return CHUNK
        missed = _next_missed(row)
        _open(missed, address=row.address)
        if len(missed) == CHUNK:
            row.after_delivery, row.after_notification = ALL, missed[-1]
            row.save(update_fields=["after_delivery", "after_notification"])
        else:
            row.delete()
        return len(ended) + len(missed)


def _next_ended(row: Recovery, *, now: datetime) -> list[int]:
    ended = Delivery.objects.filter(
        outbox.has_rested(now),
        address_id=row.address_id,
        state__in=(Delivery.State.DEAD, Delivery.State.SKIPPED),
        purpose__in=Delivery.REPEATABLE,
        created_at__gte=row.since,
        created_at__lte=row.until,
        pk__gt=row.after_delivery,
    )
    return list(ended.select_for_update().order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _next_missed(row: Recovery) -> list[int]:
    had = Delivery.objects.filter(notification=OuterRef("pk"), address_id=row.address_id)
    missed = Notification.objects.filter(
        ~Exists(had),
        user_id=row.address.user_id,
        channel=row.address.kind,
        hold=Hold.NONE,
        is_read=False,
        created_at__gte=row.since,
        created_at__lte=row.until,
        pk__gt=row.after_notification,
    )
    return list(missed.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _open(notifications: list[int], *, address: Address) -> None:
    Delivery.objects.bulk_create(
        [Delivery(notification_id=pk, address=address, kind=address.kind) for pk in notifications],
        ignore_conflicts=True,
    )
    outbox.wake_on_commit()
