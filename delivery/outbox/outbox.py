"""Deliveries for the rest of the house: opened for rows, and chosen ones that have ended sent again (`resend`).

What becomes of them is in docs/delivery.md.
"""

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from delivery import channels
from delivery.errors import DeliveryConflict, TooSoon
from delivery.models import Address, Delivery
from delivery.models.addresses import ADDRESS_ENTITY
from delivery.outbox import eligibility
from delivery.outbox.open import open_to_addresses, open_to_destinations
from events.entities import register_entity
from events.models import Event
from events.transport import hints
from notifications import channels as registry

TASK = "delivery.send"

State = Delivery.State
ENDED = (State.DEAD, State.SKIPPED, State.SENT)
# After a delivery was sent, or asked for again, nobody sends it again for so long.
PAUSE = timedelta(seconds=60)


class Opener:
    """Channel in the registry of the floor below: opens its deliveries, and wakes the worker that sends them."""

    def __init__(self, channel: channels.Channel) -> None:
        self.name = channel.name
        self._uses_account_email = channel.uses_account_email

    def open(self, rows: Sequence[registry.Opened]) -> None:
        self._open("notification", [(row.notification_id, row.user_id) for row in rows])

    def open_summaries(self, summaries: Sequence[registry.OpenedSummary]) -> None:
        self._open("summary", [(summary.summary_id, summary.user_id) for summary in summaries])

    def reopen(
        self, notifications: Collection[int], summaries: Collection[int], *, since: datetime, now: datetime
    ) -> None:
        its = Q(notification__in_set=notifications) | Q(summary__in_set=summaries)
        skipped = Delivery.objects.select_for_update().filter(its, kind=self.name, state=State.SKIPPED)
        skipped = skipped.filter(reason=eligibility.READ, settled_at__gte=since).order_by("pk")
        reopen(list(skipped.values_list("pk", flat=True)), now=now)

    def wake(self) -> None:
        hints.send(TASK)

    def _open(self, purpose: str, rows: Sequence[tuple[int, int]]) -> None:
        open_to_addresses(self.name, purpose, rows, uses_account_email=self._uses_account_email)


def install() -> None:
    """Put every channel into the registry that isn't there, and say where an address is seen; at start-up."""
    register_entity(ADDRESS_ENTITY, url=lambda address_id: reverse("carillon:channel", args=[address_id]))
    for name in channels.installed() - set(registry.installed()):
        channel = channels.named(name)
        registry.register(Opener(channel), label=channel.label)
    registry.register_event_opener(open_events)


def open_events(events: Sequence[Event]) -> None:
    """Open these to the destinations that cover them, in the routing transaction; a worker is woken after it."""
    if open_to_destinations(events):
        wake_on_commit()


def wake_on_commit() -> None:
    transaction.on_commit(lambda: hints.send(TASK), robust=True)


def enqueue(address: Address, *, purpose: str, now: datetime) -> Delivery:
    """Open a test or a confirmation for this address; a worker is woken after the commit.

    A test is tried at once even if the breaker is open: its outcome is what the owner asks for.
    """
    with transaction.atomic():
        due_at = now
        if address.failures:
            # In front of what waits there: there is room for one.
            Address.objects.filter(pk=address.pk, open_until__gt=now).update(open_until=now, updated_at=now)
            pending = Delivery.objects.filter(address=address, kind=address.kind, state=State.PENDING, due_at__lte=now)
            first = pending.aggregate(at=Min("due_at"))["at"]
            due_at = first - timedelta(microseconds=1) if first else now
        made = Delivery.objects.create(address=address, kind=address.kind, purpose=purpose, due_at=due_at)
        wake_on_commit()
    return made


def resend(ids: Collection[int], *, now: datetime) -> list[int]:
    """Send these again if they are dead, skipped or sent, the same bytes under the same id; which that are.

    Not one that was sent, or asked for again, less than PAUSE ago. Two queries. Whether it is still wanted is looked at
    anew before it is sent.
    """
    with transaction.atomic():
        ended = Delivery.objects.select_for_update().filter(has_rested(now), pk__in_set=ids, state__in=ENDED)
        ended = ended.filter(purpose__in=Delivery.REPEATABLE).order_by("pk")
        reopened = list(ended.values_list("pk", flat=True))
        reopen(reopened, now=now)
    return reopened


def resend_one(row: Delivery, *, now: datetime) -> bool:
    """Send this one again; False: it is on its way already. Raises TooSoon within PAUSE, and DeliveryConflict."""
    if row.purpose not in Delivery.REPEATABLE:
        raise DeliveryConflict(_("This can't be resent. Send a new one from its channel."), code="not_repeatable")
    if resend([row.pk], now=now):
        return True
    if row.state in ENDED:
        rested = max(at for at in (row.resent_at, row.settled_at, now - PAUSE) if at is not None)
        detail = _("This was just sent. Wait %(n)d seconds before you resend it.") % {"n": PAUSE.seconds}
        raise TooSoon(detail, code="too_soon", wait=math.ceil((rested + PAUSE - now).total_seconds()))
    return False


def has_rested(now: datetime) -> Q:
    """Condition that a delivery was neither sent nor asked for again within PAUSE: what died may be tried at once."""
    just_now = Q(resent_at__gt=now - PAUSE) | Q(state=State.SENT, settled_at__gt=now - PAUSE)
    return ~just_now


def reopen(ids: Collection[int], *, now: datetime) -> None:
    """Begin again with these, whose rows are locked: pending and due, as if never tried; body and message id stay."""
    if ids:
        Delivery.objects.filter(pk__in_set=ids).update(
            state=State.PENDING,
            due_at=now,
            tries=0,
            reason="",
            claim_token=None,
            lease_until=None,
            settled_at=None,
            resent_at=now,
        )
        wake_on_commit()
