"""Reason for a notification: the stored one, and the rule of the type's audience that gave it."""

from django.utils.translation import gettext, gettext_noop

from notifications.models import Notification
from notifications.routing import audiences

_EXPLANATIONS = {
    "mentioned": gettext_noop("You were mentioned."),
    "owner": gettext_noop("You own what this is about."),
    "actor": gettext_noop("You did this."),
    "member": gettext_noop("You are a member of what this is about."),
    "watcher": gettext_noop("You watch what this is about."),
    "admin": gettext_noop("You receive system events."),
    "everyone": gettext_noop("Events of this type go to everyone."),
}


def why(row: Notification) -> dict[str, str | None]:
    """Reason, rule (None where the type's audience has changed since), explanation and event type of a row.

    No query for one that came from the feed.
    """
    event_type = row.event.event_type
    giving = {rule.name for rule in audiences.RULES if rule.reason == row.reason}
    explanation = _EXPLANATIONS.get(row.reason)
    return {
        "reason": row.reason,
        "rule": next((rule for rule in event_type.rules if rule in giving), None),
        "explanation": gettext(explanation) if explanation else gettext("The reason wasn't recorded."),
        "event_type": event_type.name,
    }
