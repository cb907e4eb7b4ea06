"""Preferences of people for each event type, and their settings."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.models import EventType
from events.models.event_types import in_app_only
from events.rules import moments


def _ladder(help_text: str) -> "models.JSONField[Any, Any]":
    default = models.Value({}, models.JSONField())
    return models.JSONField(default=dict, db_default=default, blank=True, help_text=help_text)


class NotificationPreference(models.Model):
    """One person's choice for one type. A person without a row is routed as if it were there with its defaults."""

    class Scope(models.TextChoices):
        ALL = "all", "All"
        MY_JOBS = "my_jobs", "My jobs"
        MY_PROJECTS = "my_projects", "My projects"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event_type = models.ForeignKey(EventType, on_delete=models.CASCADE, related_name="+")
    is_enabled = models.BooleanField("enabled", default=True, db_default=True)
    channels = models.JSONField(default=in_app_only, db_default=models.Value(["in_app"], models.JSONField()))
    scope = models.TextField(choices=Scope.choices, default=Scope.ALL, db_default=Scope.ALL)
    chosen_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When its person chose; empty: never, so a project's default counts instead.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)
    ladder = _ladder("When each channel may speak of this type, where that differs from the person's own ladder.")

    class Meta:
        db_table = "notification_preferences"
        verbose_name = "preference"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "event_type"], name="uq_notification_preferences_user_event")
        ]

    def __str__(self) -> str:
        return f"type {self.event_type_id} for user {self.user_id}"


class UserNotificationSettings(models.Model):
    """One person's settings. A person without a row has these defaults."""

    class Interval(models.TextChoices):
        HOURLY = "hourly", "Hourly"
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    dnd_enabled = models.BooleanField("do not disturb", default=False, db_default=False)
    dnd_until = models.DateTimeField("do not disturb until", null=True, blank=True)
    digest_enabled = models.BooleanField("digest", default=False, db_default=False)
    digest_interval = models.TextField(choices=Interval.choices, default=Interval.DAILY, db_default=Interval.DAILY)
    digest_last_sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    timezone = models.TextField(default="UTC", db_default="UTC", help_text="IANA name, as in Europe/Paris.")
    digest_hour = models.SmallIntegerField(default=9, db_default=9, help_text="0 to 23, on the person's wall clock.")
    digest_weekday = models.SmallIntegerField(default=0, db_default=0, help_text="0 is Monday.")
    digest_channels = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Empty: e-mail, else in app.",
    )
    quiet_hours = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text='[{"days": [0..6], "start": "22:00", "end": "07:00"}] on the person\'s wall clock.',
    )

    ladder = _ladder('When each channel may speak, in minutes: {"email": 15, "chat": "never"}.')

    class Meta:
        db_table = "user_notification_settings"
        verbose_name = verbose_name_plural = "settings of people"
        constraints = [moments.constraint(["dnd_until", "digest_last_sent_at"], name="ck_settings_moments")]

    def __str__(self) -> str:
        return f"settings of user {self.user_id}"
