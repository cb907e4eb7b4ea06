"""Bounces and complaints that a mail provider reports later, by django-anymail's signal. Only imported where that is.

A mailbox that is gone, or whose person calls our mail spam, is switched off like a URL that is gone. What bounced for
now counts as a failure of theirs.
"""

import re
from datetime import datetime
from typing import Any

from anymail.signals import EventType, RejectReason, tracking
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver

from delivery.address_health import health
from delivery.address_health.health import Report
from delivery.models import Address, Delivery
from events.db import clock
from notifications.inbox import marking

HARD, SOFT, SPAM = "bounced", "bounced_for_now", "complained"

_GONE = {RejectReason.INVALID: HARD, RejectReason.BOUNCED: HARD, RejectReason.SPAM: SPAM}
# Several providers' soft bounces have the reason of hard ones; what they say of it tells them apart.
_FOR_NOW = re.compile(r"soft[ _-]?bounce|transient|\b4\.\d\.\d", re.IGNORECASE)
# As Outgoing.message_id spells it.
_OURS = re.compile(r"<?msg_\d{14}_(\d{1,18})@")


@receiver(tracking, dispatch_uid="carillon.bounces")
def on_tracking(*, event: Any, **_more: Any) -> None:
    record(event, now=clock.now())


def record(event: Any, *, now: datetime) -> None:
    """Count what the event says of its address; others than bounces and complaints say nothing. A few queries."""
    reason = _reason(event)
    if not reason:
        return
    theirs = Address.objects.filter(_is_meant(event), kind="email")
    with transaction.atomic():
        marking.lock_all(set(theirs.values_list("user_id", flat=True)))
        rows = {row.pk: row for row in theirs.select_for_update(no_key=True).order_by("pk")}
        disables = "" if reason == SOFT else reason
        reports = [Report(pk, is_success=False, reason=reason, disables=disables, is_last=True) for pk in rows]
        health.record(reports, addresses=rows, now=now)


def _reason(event: Any) -> str:
    """Name what it says. A provider that refuses by rules of its own says nothing of the address."""
    gone = SPAM if event.event_type == EventType.COMPLAINED else _GONE.get(event.reject_reason, "")
    if event.event_type == EventType.BOUNCED:
        is_for_now = _FOR_NOW.search(f"{event.description} {event.mta_response} {event.esp_event}")
        return SOFT if is_for_now or not gone else gone
    return gone if event.event_type in (EventType.COMPLAINED, EventType.REJECTED) else ""


def _is_meant(event: Any) -> Q:
    """Condition on its addresses: that of the delivery that the Message-ID names, else all with the recipient."""
    ours = _OURS.match(event.message_id or "")
    sent = Delivery.objects.filter(pk=int(ours[1])).values_list("address_id", flat=True).first() if ours else None
    return Q(pk=sent) if sent else Q(target__iexact=event.recipient or "")
