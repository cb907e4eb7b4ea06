"""Acknowledging: somebody takes a critical event on. It goes on no further, and all who were told see who has it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from events.errors import AcknowledgementRefused
from notifications.escalations import steps
from notifications.inbox import feed, marking, surfacing
from notifications.inbox.surfacing import Changed
from notifications.models import Escalation, Notification
from notifications.presentation import acknowledged

# People whose tabs are told in one transaction.
CHUNK = 5_000


def acknowledge(user_id: int, *, notification_id: int, now: datetime) -> Escalation:
    """Take an event on by a person's row of it, on whichever channel; whoever was first has it.

    Raises Notification.DoesNotExist, also for another person's row, and AcknowledgementRefused.
    """
    row = _linked(user_id, notification_id=notification_id)
    with transaction.atomic():
        locked = Escalation.objects.select_for_update(of=("self",)).select_related("acknowledged_by")
        found = locked.filter(event=row.event_id).first()
        if found is not None and found.acknowledged_at is not None:
            return found
        if found is None or steps.is_ended(row.event):
            raise _refusal()
        found.acknowledged_by_id, found.acknowledged_at, found.due_at = user_id, now, None
        found.save(update_fields=["acknowledged_by", "acknowledged_at", "due_at"])
    # No step is under way any more, so these are all. A tab that is missed here finds it with its next look.
    _tell(row.event_id)
    return found


def load(user_id: int, *, notification_id: int) -> tuple[Notification, Escalation]:
    """A person's row, and how far it is. Four queries at most.

    Raises as `acknowledge` does, so that a page refuses what its button would.
    """
    row = _linked(user_id, notification_id=notification_id)
    found = acknowledged.of_event(row.event)
    if found is None or (found.acknowledged_at is None and steps.is_ended(row.event)):
        raise _refusal()
    return row, found


def _linked(user_id: int, *, notification_id: int) -> Notification:
    row = feed.get_linked(user_id, notification_id=notification_id)
    if row.event.is_hidden:
        raise Notification.DoesNotExist("its person may not see what it is about")
    return row


def _refusal() -> AcknowledgementRefused:
    detail = _("nobody needs to acknowledge this, or it is over by now")
    return AcknowledgementRefused(detail, code="not_acknowledgeable")


def _tell(event_id: int) -> None:
    held = Notification.objects.filter(feed.STATES["inbox"], event=event_id, channel="in_app", folded_into=None)
    rows, after = held.filter(withdrawn_at=None).order_by("user_id").values_list("pk", "user_id"), 0
    while some := list(rows.filter(user_id__gt=after)[:CHUNK]):
        with transaction.atomic():
            marking.lock_all({user_id for _pk, user_id in some})
            surfacing.renew(Changed(pk, user_id) for pk, user_id in some)
        after = some[-1][1]
