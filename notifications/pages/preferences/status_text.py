"""Sentences on what really happens now to what is ticked: the page shows them, and anew after each change."""

from datetime import datetime

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import accounts
from events.accounts import User
from events.rules import channel_names
from notifications.holds import calendar, rules
from notifications.models import Hold, UserNotificationSettings
from notifications.pages.inbox_status import InboxStatus
from notifications.preferences import digest_preview
from notifications.presentation import summary_text, times

Interval = UserNotificationSettings.Interval


def of_all(chosen: UserNotificationSettings, *, inbox: InboxStatus, user: User) -> str:
    match rules.hold_now(chosen, now=inbox.now):
        case Hold.DND if inbox.dnd_until is None:
            return _("Paused until you turn do not disturb off, then sent as one summary.")
        case Hold.DND:
            words = _("Paused until {time}, then sent as one summary. Critical ones still come at once.")
            return words.format(time=inbox.dnd_until_text)
        case Hold.QUIET:
            words = _("Quiet until {time}, then sent as one summary. Critical ones still come at once.")
            return words.format(time=_end(_end_of_hours(chosen, inbox), inbox) or _("you change your quiet hours"))
        case Hold.DIGEST:
            labels = dict(channel_names.labels())
            names = [str(labels[name]) for name in rules.digest_channels(chosen, email=accounts.email_of(user))]
            words = _("Collected for your digest, sent by {names}. Critical ones still come at once.")
            return words.format(names=", ".join(names))
        case _:
            return _("Sent right away on the channels you tick.")


def of_channel(chosen: UserNotificationSettings, *, now: datetime) -> str:
    match rules.hold_now(chosen, now=now):
        case Hold.NONE:
            return ""
        case Hold.DIGEST:
            schedule = rules.digest_schedule(chosen)
            at = f"{schedule.hour:02}:00"
            day = WEEKDAYS_ABBR[schedule.weekday]
            words = {Interval.HOURLY: _("digest hourly"), Interval.WEEKLY: _("digest {day} {time}")}
            return words.get(Interval(schedule.interval), _("digest {time}")).format(day=day, time=at)
        case _:
            return _("paused")


def of_hours(chosen: UserNotificationSettings, *, inbox: InboxStatus) -> str:
    if not rules.is_quiet(chosen, now=inbox.now):
        return ""
    end = _end_of_hours(chosen, inbox)
    return _("Quiet until {time}.").format(time=_end(end, inbox)) if end else _("Quiet all week.")


def of_dnd(inbox: InboxStatus) -> str:
    if not inbox.is_dnd:
        return _("Off")
    until = inbox.dnd_until_text
    words = _("On until {time} ({zone})") if until else _("On until you turn it off")
    return words.format(time=until, zone=inbox.zone.key)


def of_digest(chosen: UserNotificationSettings, *, preview: digest_preview.Preview, inbox: InboxStatus) -> str:
    if not chosen.digest_enabled:
        return _("Off: notifications come as they happen.")
    count = ngettext("{n} item", "{n} items", preview.count).format(n=preview.count)
    if preview.by_type:
        count = f"{count}: {summary_text.counts(preview.by_type)}"
    if preview.next_at is None:
        return _("Waiting for do not disturb to end, {count}.").format(count=count)
    due = date_format(times.local(preview.next_at, zone=inbox.zone), "D j M, H:i")
    return _("Next: {time} ({zone}), {count}.").format(time=due, zone=inbox.zone.key, count=count)


def _end_of_hours(chosen: UserNotificationSettings, inbox: InboxStatus) -> datetime | None:
    return calendar.quiet_until(chosen.quiet_hours, now=inbox.now, zone=inbox.zone)


def _end(at: datetime | None, inbox: InboxStatus) -> str:
    return times.end_time(at, now=inbox.now, zone=inbox.zone) if at else ""
