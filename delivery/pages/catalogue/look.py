"""Look of an event: its toast, its row and its mail, from the templates that people get."""

from dataclasses import dataclass
from typing import Any

from delivery.channels.email import content, message
from events.accounts import User
from events.models import Event
from notifications.models import Notification
from notifications.pages.feed import row_of
from notifications.pages.inbox_status import InboxStatus

# Reasons that people read, by the first rule of a type's audience; the others are called alike.
_REASONS = {"owner_or_actor": "owner", "members": "member", "watchers": "watcher", "admins": "admin"}


@dataclass(frozen=True, slots=True)
class Look:
    row: dict[str, Any]
    subject: str
    text: str


def look_of(event: Event, *, to: User, inbox: InboxStatus) -> Look:
    """Show what `to` would get of this event, which isn't stored and comes with its type and actor. No query."""
    event.created_at = inbox.now
    # SQL can store a sample that is no object.
    event.payload = event.payload if isinstance(event.payload, dict) else {}
    number = event.event_type.pk or 0
    rule = next(iter(event.event_type.rules), "")
    row = Notification(pk=number, user=to, event=event, created_at=inbox.now, reason=_REASONS.get(rule, rule))
    mail = content.of_notification(row, event, user=to, zone=inbox.zone)
    return Look(row_of(row, inbox=inbox), message.subject_of(mail), message.text_of(mail))
