"""When a person is not to be interrupted: do-not-disturb, quiet hours, digest."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notifications.models import Hold, UserNotificationSettings

logger = logging.getLogger(__name__)


def hold_now(settings: UserNotificationSettings, *, now: datetime) -> Hold:
    """Why a row that isn't critical waits if it is written now. Do-not-disturb comes before quiet hours and digest."""
    if is_dnd(settings, now=now):
        return Hold.DND
    if settings.quiet_hours and _is_quiet_for(settings, now=now):
        return Hold.QUIET
    return Hold.DIGEST if settings.digest_enabled else Hold.NONE


def is_dnd(settings: UserNotificationSettings, *, now: datetime) -> bool:
    """A passed end reads as off."""
    return settings.dnd_enabled and (settings.dnd_until is None or settings.dnd_until > now)


def _is_quiet_for(settings: UserNotificationSettings, *, now: datetime) -> bool:
    """Quiet hours that can't be read (another program's, or a zone this machine doesn't know) keep nothing back, and
    don't stop what others are told in the same batch."""
    try:
        return is_quiet(settings.quiet_hours, local=now.astimezone(ZoneInfo(settings.timezone)))
    except (ZoneInfoNotFoundError, ValueError, TypeError, KeyError, OSError) as error:
        logger.warning("the quiet hours of user %s can't be read: %r", settings.user_id, error)
        return False


def is_quiet(windows: Sequence[Mapping[str, Any]], *, local: datetime) -> bool:
    """True inside a weekly window on the person's wall clock; one that ends before it starts goes over midnight."""
    today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
    clock = local.time()
    for window in windows:
        start, end = time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
        if start < end:
            if today in window["days"] and start <= clock < end:
                return True
        elif (today in window["days"] and clock >= start) or (yesterday in window["days"] and clock < end):
            return True
    return False
