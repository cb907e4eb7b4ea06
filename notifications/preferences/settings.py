"""Settings of a person: do-not-disturb, quiet hours, digest and time zone; changed under the inbox lock."""

from datetime import datetime
from typing import Any

from django.db import transaction

from events.db.clock import instant
from notifications.holds import release, rules
from notifications.inbox import marking
from notifications.models import UserNotificationSettings
from notifications.preferences import validation


def settings_of(user_id: int) -> UserNotificationSettings:
    stored = UserNotificationSettings.objects.filter(user_id=user_id).first()
    return stored or UserNotificationSettings(user_id=user_id)


def settings_as_json(settings: UserNotificationSettings, *, now: datetime) -> dict[str, Any]:
    lapsed = settings.dnd_enabled and not rules.is_dnd(settings, now=now)
    return {
        "dnd_enabled": rules.is_dnd(settings, now=now),
        "dnd_until": None if lapsed else instant(settings.dnd_until),
        "digest_enabled": settings.digest_enabled,
        "digest_interval": settings.digest_interval,
        "digest_hour": settings.digest_hour,
        "digest_weekday": settings.digest_weekday,
        "digest_channels": settings.digest_channels,
        "timezone": settings.timezone,
        "quiet_hours": settings.quiet_hours,
        "ladder": settings.ladder,
    }


def change_settings(user_id: int, *, now: datetime, **changes: Any) -> UserNotificationSettings:
    """Change what is named, and tell the person's sockets; what is no longer held is released at once.

    Raises PreferenceRefused or MomentRefused; then nothing is stored.
    """
    for field, value in changes.items():
        validation.check_setting(field, value=value, now=now)
    with transaction.atomic():
        marking.lock(user_id)
        settings = settings_of(user_id)
        if not rules.is_dnd(settings, now=now) and settings.dnd_enabled:
            # Otherwise naming a new end alone would switch on again what had ended.
            settings.dnd_enabled, settings.dnd_until = False, None
        if "dnd_enabled" in changes:
            settings.dnd_until = None
        for field, value in changes.items():
            setattr(settings, field, value)
        # The delivery floor writes when the last digest went out, and takes no inbox lock for it.
        settings.save(update_fields=[*changes, "dnd_enabled", "dnd_until", "updated_at"] if settings.pk else None)
        marking.announce_settings(user_id, settings=settings_as_json(settings, now=now))
        release.release([user_id], now=now)
    return settings
