"""Acknowledging: somebody takes a critical event on. It goes on no further, and all who were told see who has it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from events import accounts
from events.errors import AcknowledgementRefused
from events.transport import hints
from notifications.escalations import steps
from notifications.inbox import feed, marking, surfacing
from notifications.inbox.surfacing import Changed
from notifications.models import Escalation, Fanout, Notification, NotificationQuerySet
from notifications.presentation import acknowledged

# People whose tabs the request tells itself. Of more it tells the one who asks; a worker tells all, chunk by chunk.
MOST_AT_ONCE = 100


def acknowledge(user_id: int, *, notification_id: int, now: datetime) -> Escalation:
    """Take an event on by a person's row of it, on whichever channel; whoever was first has it. As many queries however
    many were told.

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
        # No step is under way any more, so these are all.
        last = accounts.largest_used_id()
        is_large = _held(row.event_id)[MOST_AT_ONCE:].exists()
        if is_large:
            Fanout.objects.create(event_id=row.event_id, until_user=last, rule=Fanout.ACKNOWLEDGED)
            transaction.on_commit(lambda: hints.send(Fanout.TASK), robust=True)
    # A tab that is missed here finds it with its next look.
    within = {"after": user_id - 1, "until": user_id} if is_large else {"after": 0, "until": last}
    with transaction.atomic():
        tell(row.event_id, **within, most=MOST_AT_ONCE)
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


def tell(event_id: int, *, after: int, until: int, most: int) -> int | None:
    """Tell the tabs of so many of these people, by user ids, in the caller's transaction; the last of them, None if
    these were all. Six queries at most."""
    held = _held(event_id).filter(user_id__gt=after, user_id__lte=until)
    some = list(held.order_by("user_id").values_list("pk", "user_id")[:most])
    marking.lock_all({user_id for _pk, user_id in some})
    surfacing.renew(Changed(pk, user_id) for pk, user_id in some)
    return some[-1][1] if len(some) == most else None


def _held(event_id: int) -> NotificationQuerySet:
    """Rows of the feeds that show it: one for each person."""
    shown = Notification.objects.filter(feed.STATES["inbox"], event=event_id, channel="in_app", folded_into=None)
    return shown.filter(withdrawn_at=None)
