"""Moments lie from 1970 to 2200, which every time zone and page can show."""

from importlib import import_module
from typing import Any

from django.db import migrations

moments = import_module("events.migrations.0006_accepted_moments")


def forwards(apps: Any, schema_editor: Any) -> None:
    notifications = apps.get_model("carillon_notifications", "Notification").objects
    settings = apps.get_model("carillon_notifications", "UserNotificationSettings").objects
    moments.pull_in(notifications, "created_at", "read_at", "delivered_at")
    settings.filter(dnd_until__gt=moments.LATEST).update(dnd_until=None)
    moments.pull_in(settings, "dnd_until", "digest_last_sent_at")


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0003_beat_schedule"), ("carillon_events", "0006_accepted_moments")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.AddConstraint(
            "notification", moments.accepted("ck_notifications_moments", "created_at", "read_at", "delivered_at")
        ),
        migrations.AddConstraint(
            "usernotificationsettings", moments.accepted("ck_settings_moments", "dnd_until", "digest_last_sent_at")
        ),
    ]
