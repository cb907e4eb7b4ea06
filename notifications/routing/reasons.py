"""Why a person was told: the stored reason, and the rule of the type's audience that gave it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from notifications.models import Notification

_RULES_BY_REASON = {
    "mentioned": ("mentioned",),
    "owner": ("owner", "owner_or_actor"),
    "actor": ("actor", "owner_or_actor"),
    "member": ("members",),
    "watcher": ("watchers",),
    "admin": ("admins",),
    "everyone": ("everyone",),
}
_IN_WORDS = {
    "mentioned": gettext_noop("You were mentioned."),
    "owner": gettext_noop("You own what this is about."),
    "actor": gettext_noop("You did this."),
    "member": gettext_noop("You are a member of what this is about."),
    "watcher": gettext_noop("You watch what this is about."),
    "admin": gettext_noop("You receive system events."),
    "everyone": gettext_noop("Events of this type go to everyone."),
}


@dataclass(frozen=True, slots=True)
class Why:
    """`rule` is None where the type's audience has changed since."""

    reason: str
    rule: str | None
    explanation: str
    event_type: str


def why(row: Notification) -> Why:
    """No query for a row that came from the feed."""
    event_type = row.event.event_type
    giving = _RULES_BY_REASON.get(row.reason, ())
    words = _IN_WORDS.get(row.reason)
    return Why(
        reason=row.reason,
        rule=next((rule for rule in event_type.rules if rule in giving), None),
        explanation=gettext(words) if words else gettext("The reason was not recorded."),
        event_type=event_type.name,
    )
