"""Reason for a notification: the stored one, and the rule of the type's audience that gave it."""

from django.utils.translation import gettext, gettext_noop

from events.rules import audience
from notifications.models import Notification
from notifications.routing import audiences, escalated

_EXPLANATIONS = {
    "mentioned": gettext_noop("You were mentioned."),
    "addressed": gettext_noop("It was addressed to you."),
    "owner": gettext_noop("You own what this is about."),
    "actor": gettext_noop("You did this."),
    "member": gettext_noop("You are a member of what this is about."),
    "watcher": gettext_noop("You watch what this is about."),
    "project": gettext_noop("You are a member of its project."),
    "admin": gettext_noop("You receive system events."),
    "everyone": gettext_noop("Events of this type go to everyone."),
    "escalated": gettext_noop("Nobody acknowledged it in time."),
    "imported": gettext_noop("You had it before notifications came from here."),
}


def why(row: Notification) -> dict[str, str | None]:
    """Reason, rule (None where the type's audience has changed since), explanation and event type of a row.

    No query for one that came from the feed, but for one that was escalated.
    """
    event_type = row.event.event_type
    if row.reason == escalated.ESCALATED:
        rule = escalated.rule_of(row)
        people = audience.words_of(rule)
        next_step = gettext("Nobody acknowledged it in time, so it went on to {audience}.").format(audience=people)
        return {
            "reason": row.reason,
            "rule": rule or None,
            "explanation": next_step if people else explanation(row.reason),
            "event_type": event_type.name,
        }
    giving = {row.reason, *(rule.name for rule in audiences.RULES if rule.reason == row.reason)}
    return {
        "reason": row.reason,
        "rule": next((rule for rule in event_type.rules if rule in giving), None),
        "explanation": explanation(row.reason),
        "event_type": event_type.name,
    }


def explanation(reason: str) -> str:
    """Sentence to the person about a reason."""
    if known := _EXPLANATIONS.get(reason):
        return gettext(known)
    people = audience.words_of(reason) if audience.is_named(reason) else ""
    return (
        gettext("You are in {audience}.").format(audience=people) if people else gettext("The reason wasn't recorded.")
    )
