"""Words of an explanation: every code has its sentence. For staff, so about somebody, not to somebody."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.reporting.explanation import ChannelReport, Explanation, Person
from notifications.holds import wording

ROUTING: dict[str, Promise] = {
    "routed": gettext_lazy("Routed: everybody on the list was notified."),
    "not_routed": gettext_lazy("Not routed yet: nobody was notified so far."),
    "on_its_way": gettext_lazy("Large audience: still notifying people, in the order of their ids."),
    "parked": gettext_lazy("Routing failed, so the event is parked. See the parked events."),
    "set_aside": gettext_lazy("Routing failed for a reason that may pass. It retries until it succeeds."),
}
REASONS: dict[str, Promise] = {
    "mentioned": gettext_lazy("Mentioned in it."),
    "owner": gettext_lazy("Owns what it is about."),
    "actor": gettext_lazy("Did it."),
    "member": gettext_lazy("Member of what it is about."),
    "watcher": gettext_lazy("Watches what it is about."),
    "admin": gettext_lazy("Receives system events."),
    "everyone": gettext_lazy("Everyone gets this type."),
}
STATES: dict[str, Promise] = {
    "in_feed": gettext_lazy("In the feed."),
    "sent": gettext_lazy("Sent."),
    "sending": gettext_lazy("Being sent."),
    "pending": gettext_lazy("Waiting for its next attempt."),
    "dead": gettext_lazy("Failed: every attempt failed."),
    "skipped": gettext_lazy("Not sent: no longer needed."),
    "held_dnd": gettext_lazy("Held by do not disturb."),
    "held_quiet": gettext_lazy("Held by quiet hours."),
    "held_digest": gettext_lazy("Held for the digest."),
    "held_burst": gettext_lazy("Held by the hourly cap."),
    "in_summary": gettext_lazy("Included in a summary, which wasn't sent on this channel."),
    "no_address": gettext_lazy("The channel was chosen, but had no confirmed address in use."),
    "switched_off": gettext_lazy("Not sent: turned off while it waited."),
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
    "is_actor": gettext_lazy("Did it themselves, and this type leaves out the actor."),
    "disabled": gettext_lazy("Turned this type off."),
    "scope_my_jobs": gettext_lazy("Chose “My jobs” for this type, and this is none of theirs."),
    "scope_my_projects": gettext_lazy("Chose “My projects” for this type, and this is in none of theirs."),
    "no_channels": gettext_lazy("Chose no channel for this type."),
    "replaced": gettext_lazy("A later event about the same thing took its place in the feed."),
    "would_be_told": gettext_lazy("They would get it today: a preference, a membership or the type has changed since."),
}


def channel_text(report: ChannelReport, *, person: Person, explanation: Explanation) -> str:
    """Explain the state, with until when, where it waits: on the person's own clock, as of now."""
    text = str(STATES[report.state])
    if report.row is not None and report.state.startswith("held_"):
        until = wording.until_text(report.row, settings=person.settings, now=explanation.as_of)
        return f"{text} {_('As of now')}: {until}."
    return text
