"""Withdrawal: an event is taken back. Whoever was told of it is told no more, whoever wasn't yet never is."""

from django.db import transaction
from django.db.models.functions import Now

from events import rendering
from events.accounts import User
from events.errors import Refused, WithdrawalRefused, shown
from events.log.publish import NewEvent, accept
from events.models import Event

# Type of the event that takes another back; nothing else writes one that counts.
WITHDRAWN = "event.withdrawn"
MAX_REASON = 500


def withdraw(event: Event | int, *, reason: str = "", actor: User | int | None = None, publisher: str = "") -> bool:
    """Take an event back, in the caller's transaction; False: it was taken back before.

    It is marked at once, so that it is told to nobody from the commit on; `event.withdrawn`, about the same source,
    takes it from those who were told, in log order. Raises Event.DoesNotExist for one that is gone, and Refused.
    """
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        detail = f"reason {shown(reason)} is not accepted: it is text of at most {MAX_REASON} characters"
        raise Refused(detail, code="invalid_reason", field="reason")
    pk = event.pk if isinstance(event, Event) else event
    with transaction.atomic():
        stored = Event.objects.select_related("event_type", "actor_user").get(pk=pk)
        kind = stored.event_type
        if kind.name == WITHDRAWN:
            detail = "a withdrawal can't be taken back; publish the event anew"
            raise WithdrawalRefused(detail, code="not_withdrawable", field="event")
        if not Event.objects.filter(pk=pk, withdrawn_at=None).update(withdrawn_at=Now()):
            return False
        title = rendering.render(stored, kind).title
        payload = {"event_id": pk, "event_type": kind.name, "title": title, "reason": reason}
        new = NewEvent(WITHDRAWN, source=stored.source, actor=actor, payload=payload, project_id=stored.project_id)
        accept([new], publisher=publisher)
        return True
