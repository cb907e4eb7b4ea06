"""Sentences on what really happens now to what is ticked: the page shows them, and anew after each change."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.rules import channel_names
from notifications.holds import calendar, rules
from notifications.models import Hold, UserNotificationSettings
from notifications.pages.inbox_status import Standing
from notifications.preferences import digest_preview
from notifications.presentation import summary_text, times

Interval = UserNotificationSettings.Interval


def of_all(chosen: UserNotificationSettings, *, standing: Standing, user: User) -> str:
    """Sentences about everything that isn't critical."""
    match rules.hold_now(chosen, now=standing.now):
        case Hold.DND if standing.quiet_until is None:
            return _("Paused until you turn do not disturb off; then it all comes as one summary.")
        case Hold.DND:
            words = _("Paused until {time}; then it all comes as one summary. Critical ones come at once.")
            return words.format(time=standing.quiet_until_words)
        case Hold.QUIET:
            words = _("Quiet until {time}; then it all comes as one summary. Critical ones come at once.")
            return words.format(time=_end(_end_of_hours(chosen, standing), standing) or _("you change the hours"))
        case Hold.DIGEST:
            labels = dict(channel_names.labels())
            names = [str(labels[name]) for name in rules.digest_channels(chosen, email=user.email)]
            words = _("Everything collects for your digest, which comes over: {names}. Critical ones come at once.")
            return words.format(names=", ".join(names))
        case _:
            return _("Each comes at once, over what is ticked.")


def of_channel(chosen: UserNotificationSettings, *, now: datetime) -> str:
    """Words under a channel's name; empty while it sends at once."""
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


def of_hours(chosen: UserNotificationSettings, *, standing: Standing) -> str:
    """Sentence about the quiet hours; empty outside of them."""
    if not rules.is_quiet(chosen, now=standing.now):
        return ""
    end = _end_of_hours(chosen, standing)
    return _("Now: quiet until {time}.").format(time=_end(end, standing)) if end else _("Now: quiet all week.")


def of_dnd(standing: Standing) -> str:
    """End of do-not-disturb; empty without one."""
    until = standing.quiet_until_words
    return _("until {time} ({zone})").format(time=until, zone=standing.zone.key) if until else ""


def of_digest(chosen: UserNotificationSettings, *, preview: digest_preview.Preview, standing: Standing) -> str:
    """Time of the next digest, and what is in it so far."""
    if not chosen.digest_enabled:
        return _("Off: everything comes as it happens.")
    count = ngettext("{n} item", "{n} items", preview.count).format(n=preview.count)
    if preview.by_type:
        count = f"{count}: {summary_text.counts(preview.by_type)}"
    if preview.next_at is None:
        return _("Waits for the end of do not disturb, {count}.").format(count=count)
    due = times.end_words(preview.next_at, now=standing.now, zone=standing.zone)
    return _("Next: {time} ({zone}), {count}.").format(time=due, zone=standing.zone.key, count=count)


def _end_of_hours(chosen: UserNotificationSettings, standing: Standing) -> datetime | None:
    return calendar.quiet_until(chosen.quiet_hours, now=standing.now, zone=standing.zone)


def _end(at: datetime | None, standing: Standing) -> str:
    return times.end_words(at, now=standing.now, zone=standing.zone) if at else ""
