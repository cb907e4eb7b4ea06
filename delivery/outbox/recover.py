"""Recovery of an address: all that it missed since a moment, dead, skipped or never opened, as its owner asks.

A row remembers how far it got. Chosen deliveries are sent again by `outbox.resend`, those of a lost worker by `rescue`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from delivery.models import Address, Delivery, Destination, Recovery
from delivery.outbox import digest, outbox
from events.models import Event, EventType
from notifications.inbox import marking
from notifications.models import Hold, Notification

CHUNK = 1000
ALL = 2**62


def recover(address: Address, *, since: datetime, now: datetime) -> int:
    """Send this address what it missed since then; how many deliveries the first chunk brought back or opened.

    The rest follows by itself, a chunk each second, whatever crashes. Asking again begins again.
    """
    with transaction.atomic():
        _lock_owner(address.pk)
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
        _lock_owner(address_id)
        row = Recovery.objects.select_for_update(of=("self",)).select_related("address").filter(pk=address_id).first()
        if row is None:
            return 0
        ended = _next_ended(row, now=now)
        outbox.reopen(ended, now=now)
        if len(ended) == CHUNK:
            row.after_delivery = ended[-1]
            row.save(update_fields=["after_delivery"])
            return CHUNK
        missed = _next_uncarried(row) if row.address.user_id is None else _next_missed(row)
        _open(missed, address=row.address)
        if len(missed) == CHUNK:
            row.after_delivery, row.after_notification = ALL, missed[-1]
            row.save(update_fields=["after_delivery", "after_notification"])
        else:
            row.delete()
        return len(ended) + len(missed)


def _next_ended(row: Recovery, *, now: datetime) -> list[int]:
    ended = Delivery.objects.exclude(reason=digest.IN_DIGEST).filter(
        outbox.has_rested(now),
        address_id=row.address_id,
        state__in=(Delivery.State.DEAD, Delivery.State.SKIPPED),
        purpose__in=Delivery.REPEATABLE,
        created_at__gte=row.since,
        created_at__lte=row.until,
        pk__gt=row.after_delivery,
    )
    return list(ended.select_for_update().order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _lock_owner(address_id: int) -> None:
    """Lock the inbox row of the person, which whoever opens deliveries to them has: pruning relies on it. Or lock the
    destination."""
    owner = Address.objects.only("user_id").get(pk=address_id)
    if owner.user_id is None:
        Destination.objects.select_for_update().get(address_id=address_id)
    else:
        marking.lock(owner.user_id)


def _next_uncarried(row: Recovery) -> list[int]:
    """Events that a destination covers and had no delivery of, since it was made."""
    destination = row.address.destination
    types = [one.pk for one in EventType.objects.all() if destination.covers_type(one)]
    had = Delivery.objects.filter(event=OuterRef("pk"), address_id=row.address_id)
    missed = Event.objects.filter(
        ~Exists(had),
        event_type_id__in=types,
        position__isnull=False,
        created_at__gte=max(row.since, destination.created_at),
        created_at__lte=row.until,
        pk__gt=row.after_notification,
    )
    if destination.project_id is not None:
        missed = missed.filter(project_id=destination.project_id)
    return list(missed.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _next_missed(row: Recovery) -> list[int]:
    had = Delivery.objects.filter(notification=OuterRef("pk"), address_id=row.address_id)
    missed = Notification.objects.filter(
        ~Exists(had),
        user=row.address.user,
        channel=row.address.kind,
        hold=Hold.NONE,
        is_read=False,
        created_at__gte=row.since,
        created_at__lte=row.until,
        pk__gt=row.after_notification,
    )
    return list(missed.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _open(missed: list[int], *, address: Address) -> None:
    is_shared = address.user_id is None
    of = "event_id" if is_shared else "notification_id"
    purpose = Delivery.Purpose.EVENT if is_shared else Delivery.Purpose.NOTIFICATION
    Delivery.objects.bulk_create(
        [Delivery(**{of: pk}, address=address, kind=address.kind, purpose=purpose) for pk in missed],
        ignore_conflicts=True,
    )
    outbox.wake_on_commit()
