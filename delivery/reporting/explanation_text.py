"""Words of an explanation: every code has its sentence. For staff, so about somebody, not to somebody."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.reporting import later_steps
from delivery.reporting.explanation import WAITS_UNREAD, ChannelReport, Explanation, Person
from events.rules import audience
from notifications.holds import last_look, wording
from notifications.presentation import acknowledged

ROUTING: dict[str, Promise] = {
    "routed": gettext_lazy("Routed: everybody on the list was notified."),
    "not_routed": gettext_lazy("Not routed yet: nobody was notified so far."),
    "on_its_way": gettext_lazy("Large audience: still notifying people, in the order of their ids."),
    "parked": gettext_lazy("Routing failed, so the event is parked. See the parked events."),
    "set_aside": gettext_lazy("Routing failed for a reason that may pass. It retries until it succeeds."),
}
ENDED: dict[str, Promise] = {
    last_look.WITHDRAWN: gettext_lazy("It was withdrawn since."),
    last_look.RESOLVED: gettext_lazy("It is over: a later event about the same thing says so."),
}
REASONS: dict[str, Promise] = {
    "mentioned": gettext_lazy("Mentioned in it."),
    "addressed": gettext_lazy("Named by whoever published it."),
    "owner": gettext_lazy("Owns what it is about."),
    "actor": gettext_lazy("Did it."),
    "member": gettext_lazy("Member of what it is about."),
    "watcher": gettext_lazy("Watches what it is about."),
    "project": gettext_lazy("Member of its project."),
    "admin": gettext_lazy("Receives system events."),
    "everyone": gettext_lazy("Everyone gets this type."),
    "escalated": gettext_lazy("Told because nobody acknowledged it in time."),
    "imported": gettext_lazy("Had it before, and it was imported."),
}
STATES: dict[str, Promise] = {
    "in_feed": gettext_lazy("In the feed."),
    "folded": gettext_lazy("In the feed, in one row with later ones of its kind."),
    "over": gettext_lazy("In the feed, read: it is over."),
    "withdrawn": gettext_lazy("Withdrawn: no longer shown or sent."),
    "resolved": gettext_lazy("Not sent: it was over by then."),
    "sent": gettext_lazy("Sent."),
    "sending": gettext_lazy("Being sent."),
    "goes_out": gettext_lazy("Goes out at once."),
    "pending": gettext_lazy("Waiting for its next attempt."),
    "dead": gettext_lazy("Failed: every attempt failed."),
    "skipped": gettext_lazy("Not sent: no longer needed."),
    "held_dnd": gettext_lazy("Held by do not disturb."),
    "held_quiet": gettext_lazy("Held by quiet hours."),
    "held_digest": gettext_lazy("Held for the digest."),
    "held_burst": gettext_lazy("Held: many came at once."),
    WAITS_UNREAD: gettext_lazy("Waits to see whether they read it."),
    "read": gettext_lazy("Not sent: they read it before."),
    "seen": gettext_lazy("Not sent: they saw it before, in an open tab."),
    "snoozed": gettext_lazy("Not sent: they snoozed it before."),
    "in_summary": gettext_lazy("Included in a summary, which wasn't sent on this channel."),
    "no_address": gettext_lazy("The channel was chosen, but had no confirmed address in use."),
    "switched_off": gettext_lazy("Not sent: turned off while it waited."),
    "muted": gettext_lazy("Not sent: muted while it waited."),
    "no_access": gettext_lazy("Not sent: their membership has ended."),
    "channel_not_installed": gettext_lazy("The channel was chosen, but isn't installed here."),
    "replaced": gettext_lazy("A later event about the same thing took its place in the feed."),
}
WHY_NOT: dict[str, Promise] = {
    "not_routed": gettext_lazy("The router hasn't reached this event yet."),
    "on_its_way": gettext_lazy("Large audience: their turn hasn't come yet."),
    "parked": gettext_lazy("Routing failed, so nobody was notified."),
    "set_aside": gettext_lazy("Routing failed. It retries until it succeeds."),
    "inactive": gettext_lazy("The account isn't active."),
    "not_in_audience": gettext_lazy("No audience rule of this type includes this person."),
    later_steps.WAITS: gettext_lazy("It goes to others first, and to them only if nobody acknowledges it."),
    later_steps.ACKNOWLEDGED: gettext_lazy("Somebody acknowledged it before it was their turn."),
    "is_actor": gettext_lazy("Did it themselves, and this type leaves out the actor."),
    "muted": gettext_lazy("Muted what it is about, or its project."),
    "withdrawn": gettext_lazy("The event was withdrawn."),
    "resolved": gettext_lazy("It was over before they were told."),
    "disabled": gettext_lazy("Turned this type off."),
    "scope_my_jobs": gettext_lazy("Chose “My jobs” for this type or project, and this is none of theirs."),
    "scope_my_projects": gettext_lazy("Chose “My projects” for this type, and this is in none of theirs."),
    "scope_nothing": gettext_lazy("Chose “Nothing” for its project."),
    "disabled_by_project": gettext_lazy("Chose nothing for this type, and the owners of its project turned it off."),
    "no_channels": gettext_lazy("Chose no channel for this type."),
    "replaced": gettext_lazy("A later event about the same thing took its place in the feed."),
    "would_be_told": gettext_lazy("They would get it today: a preference, a membership or the type has changed since."),
}


def routing_text(explanation: Explanation) -> str:
    """Say how far telling has come, that the event has ended, if so, and whom it went on to; times are UTC's."""
    event = explanation.event
    ended = ENDED.get(last_look.ended(event.withdrawn_at, event.resolved_by_id), "")
    escalation, steps = explanation.escalation, list[str]()
    if escalation is not None:
        steps = acknowledged.story(escalation, event.event_type, now=explanation.as_of, zone=ZoneInfo("UTC"))
    return " ".join(filter(None, [str(ROUTING[explanation.routing]), str(ended), *steps]))


def reason_text(reason: str) -> str:
    """Explain the reason; empty for one that has no words."""
    people = audience.words_of(reason) if audience.is_named(reason) else ""
    return _("In {audience}.").format(audience=people) if people else str(REASONS.get(reason, ""))


def why_not_text(code: str, *, rules: Sequence[str]) -> str:
    """Explain the code; of who is not in the audience with the names of those that have one."""
    text = str(WHY_NOT.get(code, code))
    names = filter(None, map(audience.words_of, filter(audience.is_named, rules))) if code == "not_in_audience" else ()
    return " ".join([text, *(_("Not in {audience}.").format(audience=name) for name in names)])


def channel_text(report: ChannelReport, *, person: Person, explanation: Explanation) -> str:
    """Explain the state, with until when, where it waits: on the person's own clock, as of now."""
    text = str(STATES[report.state])
    if report.row is not None and report.is_held:
        until = wording.until_text(report.row, settings=person.settings, now=explanation.as_of)
        return f"{text} {_('As of now')}: {until}."
    return text
