"""Resealing of the secrets of addresses after SECRET_KEY was replaced; its fallbacks must open them till then."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from delivery.address_health import health
from delivery.encryption import UnreadableSecretError, reseal
from delivery.models import Address
from delivery.outbox import outbox
from delivery.reasons import UNREADABLE
from notifications.inbox import marking

# Addresses in a transaction, each with the inbox of its person locked.
BATCH = 50


@dataclass(slots=True)
class Resealed:
    """Outcome of a run, in addresses. `resealed`: under the present key now; `current`: were before."""

    resealed: int = 0
    current: int = 0
    unreadable: list[Address] = field(default_factory=list)


def reseal_addresses(*, now: datetime) -> Resealed:
    """Encrypt every secret anew under the present key, batch by batch; what was done before is left alone.

    A former secret that signs no longer goes. What waited because its secret couldn't be read becomes due.
    """
    done, after = Resealed(), 0
    secret = ~Q(secret="") | ~Q(previous_secret="")
    while found := list(
        Address.objects.filter(secret, pk__gt=after).order_by("pk").values_list("pk", "user_id")[:BATCH]
    ):
        after = found[-1][0]
        with transaction.atomic():
            for user_id in sorted({user_id for _, user_id in found if user_id is not None}):
                marking.lock(user_id)
            _reseal([pk for pk, _ in found], done=done, now=now)
    return done


def _reseal(ids: Collection[int], *, done: Resealed, now: datetime) -> None:
    """Reseal one batch. Needs the locks of their people; a destination's needs none."""
    readable = []
    for address in Address.objects.select_for_update(no_key=True).filter(pk__in_set=ids).order_by("pk"):
        before = (address.secret, address.previous_secret)
        if address.previous_secret_until is None or address.previous_secret_until <= now:
            address.previous_secret, address.previous_secret_until = "", None
        is_read, is_previous_read = _renew(address, "secret"), _renew(address, "previous_secret")
        is_changed = (address.secret, address.previous_secret) != before
        if is_changed:
            address.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
        if is_read:
            readable.append(address.pk)
        if not (is_read and is_previous_read):
            done.unreadable.append(address)
        elif is_changed:
            done.resealed += 1
        else:
            done.current += 1
    health.bring_forward(readable, now=now, reason=UNREADABLE)
    outbox.wake_on_commit()


def _renew(address: Address, field: str) -> bool:
    """Encrypt the field anew; False: it can't be read, and stays."""
    if sealed := getattr(address, field):
        try:
            setattr(address, field, reseal(sealed))
        except UnreadableSecretError:
            return False
    return True
