"""Text that says until when something waits for its person."""

from datetime import datetime

from django.utils.translation import gettext as _

from notifications.conf import conf
from notifications.holds import rules
from notifications.models import Hold, Notification, UserNotificationSettings
from notifications.presentation import times


def until_text(row: Notification, *, settings: UserNotificationSettings, now: datetime) -> str:
    """Half a sentence on the person's own clock, as of now: they may change their mind."""
    match row.hold:
        case Hold.BURST if row.folded_into is not None:
            due = row.hold_until
            sentence, without = _("in one message with the rest at {time}"), _("in one message with the rest")
        case Hold.BURST:
            due = row.hold_until if conf.HOURLY_CAPS.get(row.channel) else None
            sentence = _("more than {n} in an hour, so one summary at {time}")
            without = _("one summary at the end of the hour")
        case Hold.LADDER:
            due = row.hold_until
            sentence, without = _("if still unread at {time}"), _("if still unread then")
        case Hold.DIGEST:
            due = rules.next_digest(settings, after=now) if settings.digest_enabled else None
            sentence, without = _("in the digest at {time}"), _("in the next digest")
        case Hold.QUIET:
            due = rules.quiet_until(settings, now=now) if rules.is_quiet(settings, now=now) else None
            sentence, without = _("until quiet hours end at {time}"), _("until quiet hours end")
        case _:
            due = rules.dnd_end(settings) if rules.is_dnd(settings, now=now) else None
            sentence, without = _("until do not disturb ends at {time}"), _("until do not disturb ends")
    zone = rules.zone_of(settings)
    most = conf.HOURLY_CAPS.get(row.channel)
    return sentence.format(n=most, time=times.end_time(due, now=now, zone=zone)) if due else without
