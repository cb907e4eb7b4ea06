"""Text that says until when something waits for its person."""

from datetime import datetime

from django.utils.translation import gettext as _

from notifications.holds import rules
from notifications.models import Hold, UserNotificationSettings
from notifications.presentation import times


def until_text(hold: str, *, settings: UserNotificationSettings, now: datetime) -> str:
    """Half a sentence on the person's own clock, as of now: they may change their mind."""
    match hold:
        case Hold.DIGEST:
            due = rules.next_digest(settings, after=now) if settings.digest_enabled else None
            sentence, without = _("in the digest at {time}"), _("in the next digest")
        case Hold.QUIET:
            due = rules.quiet_until(settings, now=now) if rules.is_quiet(settings, now=now) else None
            sentence, without = _("until quiet hours end at {time}"), _("until quiet hours end")
        case _:
            due = rules.dnd_end(settings) if rules.is_dnd(settings, now=now) else None
            sentence, without = _("until do-not-disturb ends at {time}"), _("until do-not-disturb ends")
    zone = rules.zone_of(settings)
    return sentence.format(time=times.end_time(due, now=now, zone=zone)) if due else without
