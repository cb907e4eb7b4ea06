"""Rules that keep a person from being interrupted, and until when: do-not-disturb, quiet hours, digest.

Settings that can't be read (another program's, or a zone this machine doesn't know) keep nothing back, and don't stop
what others are told in the same batch.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from events.rules import moments
from events.transport import outages
from notifications import channels
from notifications.holds import calendar
from notifications.holds.calendar import DigestSchedule
from notifications.models import Hold, UserNotificationSettings

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OSError)
UTC_ZONE = ZoneInfo("UTC")
Interval = UserNotificationSettings.Interval


def hold_now(settings: UserNotificationSettings, *, now: datetime) -> Hold:
    """Hold of a row that isn't critical and is written now. Do-not-disturb comes before quiet hours and digest."""
    if is_dnd(settings, now=now):
        return Hold.DND
    if is_quiet(settings, now=now):
        return Hold.QUIET
    return Hold.DIGEST if settings.digest_enabled else Hold.NONE


def is_dnd(settings: UserNotificationSettings, *, now: datetime) -> bool:
    return settings.dnd_enabled and (settings.dnd_until is None or settings.dnd_until > now)


def dnd_end(settings: UserNotificationSettings) -> datetime | None:
    """End of do-not-disturb; None: it has none, or one so far away that no calendar can be asked about it."""
    end = settings.dnd_until
    return end if end is None or end <= moments.LATEST else None


def is_quiet(settings: UserNotificationSettings, *, now: datetime) -> bool:
    if not settings.quiet_hours:
        return False
    try:
        return calendar.is_within(settings.quiet_hours, local=now.astimezone(ZoneInfo(settings.timezone)))
    except _UNREADABLE as error:
        error.add_note(f"in the settings of user {settings.user_id}")
        outages.note(__name__, "quiet hours that can't be read count as none", error)
        return False


def quiet_until(settings: UserNotificationSettings, *, now: datetime) -> datetime | None:
    """End of the quiet hours that `now` is in; None: they cover the week."""
    return calendar.quiet_until(settings.quiet_hours, now=now, zone=zone_of(settings))


def zone_of(settings: UserNotificationSettings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.timezone)
    except _UNREADABLE:
        return UTC_ZONE


def digest_schedule(settings: UserNotificationSettings) -> DigestSchedule:
    interval, hour, weekday = settings.digest_interval, settings.digest_hour, settings.digest_weekday
    return DigestSchedule(
        interval=interval if interval in Interval.values else Interval.DAILY.value,
        hour=hour if hour in range(24) else 9,
        weekday=weekday if weekday in range(7) else 0,
        zone=zone_of(settings),
    )


def next_digest(settings: UserNotificationSettings, *, after: datetime) -> datetime:
    return calendar.next_digest(digest_schedule(settings), after)


def next_check(settings: UserNotificationSettings, *, now: datetime, digest_at: datetime | None) -> datetime | None:
    """Moment when something may change for what is held now; None: nothing does by itself."""
    ends: list[datetime | None] = []
    if is_dnd(settings, now=now):
        ends.append(dnd_end(settings))
    if is_quiet(settings, now=now):
        ends.append(quiet_until(settings, now=now))
    known = [end for end in ends or [digest_at] if end]
    return min(known).astimezone(UTC) if known else None


def free_from(settings: UserNotificationSettings, *, at: datetime) -> datetime | None:
    """The first moment from `at` on that neither do-not-disturb nor quiet hours cover; None: there is none."""
    while True:
        if is_dnd(settings, now=at):
            end = dnd_end(settings)
        elif is_quiet(settings, now=at):
            end = quiet_until(settings, now=at)
        else:
            return at
        if end is None:
            return None
        at = end


def digest_channels(settings: UserNotificationSettings, *, email: str) -> list[str]:
    """Channels of a digest: in the app where none of those chosen can be, for a digest always goes somewhere."""
    possible = ["in_app", *channels.installed()]
    chosen = settings.digest_channels if isinstance(settings.digest_channels, list) else []
    wanted: Collection[object] = chosen or (["email"] if email else [])
    return [name for name in possible if name in wanted] or ["in_app"]
