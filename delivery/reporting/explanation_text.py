"""Words of an explanation: every code has its sentence. For staff, so about somebody, not to somebody."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.reporting.explanation import ChannelReport, Explanation, Person
from notifications.holds import wording

ROUTING: dict[str, Promise] = {
    "routed": gettext_lazy("Routed: everybody it concerned has been told."),
    "not_routed": gettext_lazy("Not routed yet: nobody has been told."),
    "on_its_way": gettext_lazy("A large audience: people are being told in the order of their ids."),
    "parked": gettext_lazy("Routing failed, so the event is parked: look at the parked events."),
    "set_aside": gettext_lazy("Routing failed for a reason that may pass: it is tried again until it goes well."),
}
REASONS: dict[str, Promise] = {
    "mentioned": gettext_lazy("Mentioned in it."),
    "owner": gettext_lazy("Owns what it is about."),
    "actor": gettext_lazy("Did it."),
    "member": gettext_lazy("Member of what it is about."),
    "watcher": gettext_lazy("Watches what it is about."),
    "admin": gettext_lazy("Receives system events."),
    "everyone": gettext_lazy("Everyone is told of this type."),
}
STATES: dict[str, Promise] = {
    "in_feed": gettext_lazy("In the feed."),
    "sent": gettext_lazy("Sent."),
    "sending": gettext_lazy("Being sent."),
    "pending": gettext_lazy("Waiting for its next try."),
    "dead": gettext_lazy("Given up: every try failed."),
    "skipped": gettext_lazy("Not sent: there was no need any more."),
    "held_dnd": gettext_lazy("Held by do-not-disturb."),
    "held_quiet": gettext_lazy("Held by quiet hours."),
    "held_digest": gettext_lazy("Held for the digest."),
    "held_burst": gettext_lazy("Held by the hourly cap."),
    "in_summary": gettext_lazy("Given back in a summary, which went nowhere over this channel."),
    "no_address": gettext_lazy("The channel was chosen, but there was no confirmed address in use for it."),
    "switched_off": gettext_lazy("Not sent: switched off while it waited."),
    "no_access": gettext_lazy("Not sent: the membership that brought them in has ended."),
    "channel_not_installed": gettext_lazy("The channel was chosen, but is not installed here."),
    "replaced": gettext_lazy("A later event about the same thing took its place in the feed."),
}
WHY_NOT: dict[str, Promise] = {
    "not_routed": gettext_lazy("The router has not come to this event yet."),
    "on_its_way": gettext_lazy("The audience is large and still being told; their turn has not come."),
    "parked": gettext_lazy("Routing failed, so nobody was told."),
    "set_aside": gettext_lazy("Routing failed, and is tried again until it goes well."),
    "inactive": gettext_lazy("The account is not active."),
    "not_in_audience": gettext_lazy("No audience rule of this type brings this person in."),
    "is_actor": gettext_lazy("Did it, and this type does not tell whoever did it."),
    "disabled": gettext_lazy("Switched this type off."),
    "scope_my_jobs": gettext_lazy("Chose “My jobs” for this type, and this is none of theirs."),
    "scope_my_projects": gettext_lazy("Chose “My projects” for this type, and this is in none of theirs."),
    "no_channels": gettext_lazy("Chose no channel for this type."),
    "replaced": gettext_lazy("A later event about the same thing took its place in the feed."),
    "would_be_told": gettext_lazy(
        "Nothing speaks against it today: a choice, a membership or the type has changed since."
    ),
}


def channel_text(report: ChannelReport, *, person: Person, explanation: Explanation) -> str:
    """Explain the state, with until when, where it waits: on the person's own clock, as of now."""
    text = str(STATES[report.state])
    if report.row is not None and report.state.startswith("held_"):
        until = wording.until_text(report.row, settings=person.settings, now=explanation.as_of)
        return f"{text} {_('As of now')}: {until}."
    return text
